# SPDX-License-Identifier: Apache-2.0
"""Secrets that can be guessed; none is ever shown."""

from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path

from oslo_config import cfg

from reposync import broker
from reposync import secret_words
from reposync.checks import logins
from reposync.conf import receiver
from reposync.db.connection import address

#: Those of the documentation, and RabbitMQ's own account.
_KNOWN = frozenset(
    (
        "BUS_PASSWORD",
        "DATABASE_PASSWORD",
        "KEYSTONE_PASSWORD",
        "SECRET_OF_HARBOR",
        "SECRET_OF_THE_HUB",
        "guest",
    )
)
_SHORTEST_PASSWORD = 8


def secrets(conf: cfg.ConfigOpts) -> Iterator[str]:
    """List the options whose secrets are short or known."""
    for option, values in _shared(conf):
        if secret_words.any_short(values):
            yield (
                f"{option}: shorter than {secret_words.SHORTEST} characters, "
                "and refused when the service starts. Make another one: "
                f"{secret_words.ADVICE}."
            )
        yield from _known(option, values)
    for option, password in _passwords(conf):
        known = list(_known(option, [password]))
        if len(password) < _SHORTEST_PASSWORD and not known:
            yield (
                f"{option}: the password has less than {_SHORTEST_PASSWORD} "
                "characters. Make a longer one."
            )
        yield from known


def _known(option: str, values: Iterable[str]) -> Iterator[str]:
    if not _KNOWN.isdisjoint(values):
        yield (
            f"{option}: it is the one of the documentation, which everybody "
            f"knows. Make another one: {secret_words.ADVICE}."
        )


def _shared(conf: cfg.ConfigOpts) -> Iterator[tuple[str, list[str]]]:
    """Yield what callers show, by option."""
    if conf.api.auth_strategy == "token":
        if conf.api.token:
            yield "[api] token", [conf.api.token]
        elif conf.api.token_file:
            yield "[api] token_file", _read(Path(conf.api.token_file))
    yield "[notify] tokens", list(conf.notify.tokens)
    for name in conf.notify.receivers:
        group = receiver.register(conf, name)
        yield f"[{group}] secret", list(conf[group].secret)


def _read(path: Path) -> list[str]:
    try:
        return [path.read_text(encoding="utf-8").strip()]
    except (OSError, ValueError):
        # The API says so, and does not start.
        return []


def _passwords(conf: cfg.ConfigOpts) -> Iterator[tuple[str, str]]:
    """Yield the service's own passwords, by option."""
    for host in broker.parse(conf).hosts:
        if host.password:
            yield "transport_url", host.password
    found = address.read(conf.database.connection)
    if found is not None and found.password:
        yield "[database] connection", found.password
    if conf.api.auth_strategy == "keystone":
        yield from logins.passwords(conf, "keystone_authtoken")
    if conf.conductor.driver == "glance" and not conf.glance.cloud:
        yield from logins.passwords(conf, "glance")
    if conf.conductor.driver == "opennebula" and conf.opennebula.password:
        yield "[opennebula] password", conf.opennebula.password
