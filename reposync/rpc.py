# SPDX-License-Identifier: Apache-2.0
"""The message bus, set up in one place for both of its ends.

The message is a nudge and the operation's row is the truth: oslo.messaging
acknowledges a call before it is carried out, so a message may be lost, and
nothing depends on it.
"""

from typing import Any

from oslo_config import cfg
import oslo_messaging

from reposync import context as reposync_context
from reposync import exception
from reposync import texts

TOPIC = "reposync-conductor"
#: The version both ends speak; `conductor.rpcapi` tells its history.
VERSION = "1.0"


class ContextSerializer(oslo_messaging.NoOpSerializer):
    """Carries the request's context along with a message."""

    def serialize_context(self, ctxt: Any) -> dict[str, Any]:
        """Make a dictionary of it."""
        return dict(ctxt.to_dict())

    def deserialize_context(self, ctxt: dict[str, Any]) -> Any:
        """Make a context of the dictionary."""
        # Its parts begin lines of the log.
        clean = {
            name: texts.printable(value) if isinstance(value, str) else value
            for name, value in ctxt.items()
        }
        return reposync_context.RequestContext.from_dict(clean)


def nudge_topic(deployment: str) -> str:
    """Give the topic of nudges.

    It has the name of the deployment, so that deployments that share a
    virtual host do not take each other's messages.

    :param deployment: as `db.deployment.identity` gives it
    """
    return f"{TOPIC}.{deployment}"


def catalogue_topic(deployment: str) -> str:
    """Give the topic of questions about the catalogue.

    Another one than that of nudges, which shall not wait behind them.
    """
    return f"{TOPIC}-catalogue.{deployment}"


def get_transport(conf: cfg.ConfigOpts) -> oslo_messaging.Transport:
    """Load the driver of the message bus; to be called after any fork."""
    return oslo_messaging.get_rpc_transport(
        conf, allowed_remote_exmods=[exception.__name__]
    )


def get_client(transport: oslo_messaging.Transport, topic: str) -> Any:
    """Make the API's end of a topic.

    One more attempt for a connection that had gone stale, and no more: the
    default is to wait for the broker for ever, and a connection lent from
    the pool by such a client would block all others.
    """
    target = oslo_messaging.Target(topic=topic, version=VERSION)
    return oslo_messaging.get_rpc_client(
        transport, target, retry=1, serializer=ContextSerializer()
    )


def get_server(
    transport: oslo_messaging.Transport,
    topic: str,
    host: str,
    endpoint: object,
) -> Any:
    """Make the conductor's end of a topic.

    :param host: what this conductor is called, unique among them
    """
    target = oslo_messaging.Target(topic=topic, server=host)
    return oslo_messaging.get_rpc_server(
        transport,
        target,
        [endpoint],
        executor="threading",
        serializer=ContextSerializer(),
        access_policy=oslo_messaging.ExplicitRPCAccessPolicy,
    )
