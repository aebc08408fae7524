# SPDX-License-Identifier: Apache-2.0
"""What a webhook's body says, whichever registry sent it."""

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses
from typing import Literal

from reposync import reference as ref

Action = Literal["push", "delete", "ping", "ignore"]


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a registry.

    It is a hint: what the tag points at is looked up at the registry.

    :ivar reference: the image; None for a ping
    :ivar digest: as the body has it, if it has
    :ivar delivery_id: the same for repeated deliveries, if there is one
    """

    reference: ref.Reference | None
    action: Action = "push"
    digest: str | None = None
    delivery_id: str | None = None


#: Headers and body in, events out.  A pure function; raises InvalidWebhook.
#: Loaded by stevedore from the namespace ``reposync.webhooks``.
Parser = Callable[[Mapping[str, str], bytes], list[Event]]
