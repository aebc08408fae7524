# SPDX-License-Identifier: Apache-2.0
"""The message bus, set up in one place for both of its ends.

The message is a nudge and the operation's row is the truth: oslo.messaging
acknowledges a call before it is carried out, so a message may be lost, and
nothing depends on it.
"""

import ssl
from typing import Any

import kombu
from oslo_config import cfg
import oslo_messaging

from reposync import context as reposync_context
from reposync import exception

TOPIC = "reposync-conductor"
#: The version both ends speak; `conductor.rpcapi` tells its history.
VERSION = "1.0"
#: Seconds until a broker that does not answer counts as away.
_PATIENCE = 2.0


class ContextSerializer(oslo_messaging.NoOpSerializer):
    """Carries the request's context along with a message."""

    def serialize_context(self, ctxt: Any) -> dict[str, Any]:
        """Make a dictionary of it."""
        return dict(ctxt.to_dict())

    def deserialize_context(self, ctxt: dict[str, Any]) -> Any:
        """Make a context of the dictionary."""
        return reposync_context.RequestContext.from_dict(ctxt)


def probe(conf: cfg.ConfigOpts, address: str | None = None) -> None:
    """Log in at one of the broker's hosts, in bounded time.

    :param address: of another broker than ``transport_url``
    :raises Exception: whatever keeps it from the last of them
    """
    url = oslo_messaging.TransportURL.parse(conf, address)
    if url.transport in ("fake", "kafka"):
        return
    failure: Exception | None = None
    for host in url.hosts:
        try:
            with kombu.Connection(
                hostname=host.hostname,
                port=host.port or 5672,
                userid=host.username,
                password=host.password,
                virtual_host=url.virtual_host or "/",
                connect_timeout=_PATIENCE,
                ssl=_tls(conf, host.hostname),
            ) as connection:
                connection.connect()
        except Exception as error:  # noqa: BLE001 (the next may do)
            failure = error
        else:
            return
    raise failure or ValueError("transport_url names no host")


def _tls(conf: cfg.ConfigOpts, hostname: str) -> Any:
    options = conf.oslo_messaging_rabbit
    if not options.ssl:
        return False
    checked = bool(options.ssl_ca_file)
    return {
        "ca_certs": options.ssl_ca_file or None,
        "certfile": options.ssl_cert_file or None,
        "keyfile": options.ssl_key_file or None,
        "cert_reqs": ssl.CERT_REQUIRED if checked else ssl.CERT_NONE,
        "server_hostname": hostname,
    }


def get_transport(conf: cfg.ConfigOpts) -> oslo_messaging.Transport:
    """Load the driver of the message bus; to be called after any fork."""
    return oslo_messaging.get_rpc_transport(
        conf, allowed_remote_exmods=[exception.__name__]
    )


def get_client(transport: oslo_messaging.Transport) -> Any:
    """Make the API's end.

    One more attempt for a connection that had gone stale, and no more: the
    default is to wait for the broker for ever, and a connection lent from
    the pool by such a client would block all others.
    """
    target = oslo_messaging.Target(topic=TOPIC, version=VERSION)
    return oslo_messaging.get_rpc_client(
        transport, target, retry=1, serializer=ContextSerializer()
    )


def get_server(
    transport: oslo_messaging.Transport, host: str, endpoint: object
) -> Any:
    """Make the conductor's end.

    :param host: what this conductor is called, unique among them
    """
    target = oslo_messaging.Target(topic=TOPIC, server=host)
    return oslo_messaging.get_rpc_server(
        transport,
        target,
        [endpoint],
        executor="threading",
        serializer=ContextSerializer(),
        access_policy=oslo_messaging.ExplicitRPCAccessPolicy,
    )
