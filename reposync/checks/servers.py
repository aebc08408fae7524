# SPDX-License-Identifier: Apache-2.0
"""Connections to the servers that a deployment is made of."""

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from keystonemiddleware import auth_token
from oslo_config import cfg
from oslo_config import types
import oslo_messaging

from reposync import broker
from reposync.checks import addresses
from reposync.checks import logins
from reposync.db.connection import address

_RABBIT = "oslo_messaging_rabbit"
_IDENTITY = "keystone_authtoken"
_NOTIFICATIONS = "oslo_messaging_notifications"
#: What PostgreSQL's client verifies the server with.
_VERIFIED = ("verify-ca", "verify-full")


def message_bus(conf: cfg.ConfigOpts) -> Iterator[str]:
    """Look at the way to RabbitMQ, that of notifications included."""
    yield from _bus(conf, None, "transport_url")
    # This registers the options, and connects to nothing.
    oslo_messaging.get_notification_transport(conf)
    options = conf[_NOTIFICATIONS]
    if options.driver and options.transport_url:
        name = f"[{_NOTIFICATIONS}] transport_url"
        yield from _bus(conf, options.transport_url, name)


def _bus(
    conf: cfg.ConfigOpts, address: str | None, name: str
) -> Iterator[str]:
    url = broker.parse(conf, address)
    far = [
        host.hostname
        for host in url.hosts
        if not addresses.is_near(host.hostname)
    ]
    if url.transport not in ("rabbit", "kombu") or not far:
        return
    if not _option(conf, url, "ssl", types.Boolean()):
        yield (
            f"{name}: no TLS to {far[0]}, so who listens on the way reads the "
            "password, and who writes there tells conductors what to do. Set "
            f"[{_RABBIT}] ssl = true and ssl_ca_file."
        )
    elif not _option(conf, url, "ssl_ca_file", str):
        yield (
            f"{name}: the certificate of {far[0]} is not verified, so "
            f"anybody on the way can be the broker. Set [{_RABBIT}] "
            "ssl_ca_file, such as /etc/ssl/certs/ca-certificates.crt."
        )


def _option(
    conf: cfg.ConfigOpts,
    url: oslo_messaging.TransportURL,
    name: str,
    kind: Callable[[str], Any],
) -> Any:
    """Give an option of the bus: what its address says comes first."""
    return kind(url.query[name]) if name in url.query else conf[_RABBIT][name]


def database(conf: cfg.ConfigOpts) -> Iterator[str]:
    """Look at the way to the database."""
    options = conf.database
    found = address.read(options.connection, options.connection_parameters)
    if found is None or all(map(addresses.is_near, found.hosts)):
        return
    host = next(each for each in found.hosts if not addresses.is_near(each))
    text = (
        f"[database] connection: the way to {host} is without TLS, or its "
        "certificate is not verified, so who is on the way can read and "
        "change everything. "
    )
    given = found.parameters
    if found.kind == "postgresql" and given.get("sslmode") not in _VERIFIED:
        yield f"{text}Add ?sslmode=verify-full&sslrootcert=FILE."
    mysql = found.kind in ("mysql", "mariadb")
    if mysql and not {"ssl_ca", "ssl_capath"} & given.keys():
        yield f"{text}Add ?ssl_ca=FILE."


def keystone(conf: cfg.ConfigOpts) -> Iterator[str]:
    """Look at the way to the Keystone that checks tokens."""
    if conf.api.auth_strategy != "keystone":
        return
    for group, options in auth_token.list_opts():
        conf.register_opts(options, group=group)
    options = conf[_IDENTITY]
    if options.insecure:
        yield logins.not_verified(_IDENTITY, "Keystone")
    yield from logins.plain(conf, _IDENTITY)
    far = [
        server
        for server in options.memcached_servers or []
        if not addresses.is_near(server.rpartition(":")[0] or server)
    ]
    strategy = str(options.memcache_security_strategy or "none").lower()
    if far and strategy == "none":
        yield (
            f"[{_IDENTITY}] memcached_servers: who reaches {far[0]} can read "
            "checked tokens and put in others, with any role. Set "
            "memcache_security_strategy = ENCRYPT and memcache_secret_key."
        )
    if not options.service_token_roles_required:
        yield (
            f"[{_IDENTITY}] service_token_roles_required: any user's token "
            "counts as a service's, which lets expired tokens through. Set "
            "it to true."
        )
