# SPDX-License-Identifier: Apache-2.0
"""What controllers work with."""

import dataclasses

from oslo_config import cfg

from reposync import policy as reposync_policy
from reposync.api import streams
from reposync.api import submit
from reposync.api.webhooks import events
from reposync.conductor import rpcapi
from reposync.db.connection import session
from reposync.webhooks import base as webhooks
from reposync.webhooks import receivers


@dataclasses.dataclass(frozen=True, slots=True)
class Services:
    """The same for all requests of a process.

    :ivar formats: of webhooks, by name
    :ivar receivers: of webhooks, by name
    :ivar events: makes operations of what webhooks tell
    """

    conf: cfg.ConfigOpts
    db: session.Database
    conductor: rpcapi.ConductorAPI
    submitter: submit.Submitter
    policy: reposync_policy.Policy
    streams: streams.Streams
    formats: dict[str, webhooks.Format]
    receivers: dict[str, receivers.Receiver]
    events: events.Handler

    def close(self) -> None:
        """Write down what is left when the last request was answered."""
        self.events.tally.close()
