# SPDX-License-Identifier: Apache-2.0
"""The broker of the message bus: whether it lets the service in, and why not.

oslo.messaging tries again for ever, and logs what keeps it from connecting
without a word of what to do.
"""

import functools
from importlib import metadata
import socket
import ssl
from typing import Any

import amqp.exceptions
import kombu
from oslo_config import cfg
import oslo_messaging
from oslo_messaging import transport as messaging_transport

from reposync import texts

#: Seconds until a broker that does not answer counts as away.
_PATIENCE = 2.0
_DRIVERS = "oslo.messaging.drivers"
_LONGEST = 200


class BadAddress(ValueError):
    """``transport_url`` is none that could lead to a broker."""


def parse(
    conf: cfg.ConfigOpts, address: str | None = None
) -> oslo_messaging.TransportURL:
    """Read ``transport_url``.

    :param address: another one, such as that of notifications
    :raises BadAddress: with what is wrong, and without the password
    """
    try:
        url = oslo_messaging.TransportURL.parse(conf, address)
        hosts = [host.hostname or "" for host in url.hosts]
    except (ValueError, messaging_transport.InvalidTransportURL):
        raise BadAddress(
            "transport_url cannot be read: it is rabbit://USER:PASSWORD@"
            "HOST:PORT/VIRTUAL_HOST, with / in the password as %2F, @ as %40 "
            "and # as %23"
        ) from None
    # The driver's own aliases, such as kombu+memory, have a plus.
    if url.transport.partition("+")[0] not in _drivers():
        raise BadAddress(
            f"transport_url begins with {url.transport}://, which "
            "oslo.messaging has no driver for. RabbitMQ's is rabbit://"
        )
    if any("@" in host for host in hosts):
        raise BadAddress("transport_url has @ in the password: write it %40")
    return url


@functools.cache
def _drivers() -> frozenset[str]:
    return frozenset(metadata.entry_points(group=_DRIVERS).names)


def probe(conf: cfg.ConfigOpts, address: str | None = None) -> None:
    """Log in at one of the broker's hosts, in bounded time.

    :param address: of another broker than ``transport_url``
    :raises Exception: whatever keeps it from the last of them
    """
    url = parse(conf, address)
    if url.transport not in ("rabbit", "kombu"):
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
    raise failure or BadAddress("transport_url names no host")


def explain(error: BaseException) -> str:
    """Say in a line what is wrong and what to do, naming nobody."""
    for kind, text in _ADVICE:
        if isinstance(error, kind):
            return text
    if isinstance(error, BadAddress):
        return str(error)
    return f"RabbitMQ cannot be reached ({type(error).__name__})"


def words(error: BaseException) -> str:
    """Give the same with the library's own words, for the log."""
    said = texts.line(str(error))[:_LONGEST]
    text = explain(error)
    return text if not said or said in text else f"{text} ({said})"


_ADVICE: tuple[tuple[type[BaseException], str], ...] = (
    (
        amqp.exceptions.AccessRefused,
        "RabbitMQ refuses the account in transport_url: look at user, "
        "password and permissions",
    ),
    (
        amqp.exceptions.NotAllowed,
        "RabbitMQ has no such virtual host, or not for this account: look at "
        "the end of transport_url, and at rabbitmqctl list_vhosts and "
        "list_permissions",
    ),
    (
        amqp.exceptions.PreconditionFailed,
        "RabbitMQ has a queue or an exchange that was made with other "
        "options: delete it, or set [oslo_messaging_rabbit] as it was",
    ),
    (
        amqp.exceptions.InternalError,
        "RabbitMQ refuses this kind of queue: leave rabbit_quorum_queue and "
        "rabbit_transient_quorum_queue at true",
    ),
    (
        ssl.SSLCertVerificationError,
        "RabbitMQ's certificate is not good: look at [oslo_messaging_rabbit] "
        "ssl_ca_file, and whether it has the name in transport_url",
    ),
    (
        ssl.SSLError,
        "RabbitMQ speaks no TLS there, or another version: its port for TLS "
        "is 5671 as a rule",
    ),
    (
        FileNotFoundError,
        "a file that [oslo_messaging_rabbit] names does not exist",
    ),
    (
        PermissionError,
        "a file that [oslo_messaging_rabbit] names cannot be read",
    ),
    (
        socket.gaierror,
        "the name of the host in transport_url is not known",
    ),
    (
        ConnectionRefusedError,
        "nothing listens at the address in transport_url",
    ),
    (
        TimeoutError,
        "nothing answers at the address in transport_url, or not RabbitMQ; a "
        "port for TLS needs [oslo_messaging_rabbit] ssl = true",
    ),
    (
        OSError,
        "the connection is closed again at once: a port for TLS needs "
        "[oslo_messaging_rabbit] ssl = true",
    ),
)


def _tls(conf: cfg.ConfigOpts, hostname: str) -> Any:
    options = conf.oslo_messaging_rabbit
    if not options.ssl:
        return False
    checked = bool(options.ssl_ca_file)
    settings = {
        "ca_certs": options.ssl_ca_file or None,
        "certfile": options.ssl_cert_file or None,
        "keyfile": options.ssl_key_file or None,
        "cert_reqs": ssl.CERT_REQUIRED if checked else ssl.CERT_NONE,
    }
    # Where no certificate is checked, no name is: Python refuses one
    # without the other.
    return settings | ({"server_hostname": hostname} if checked else {})
