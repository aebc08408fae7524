# SPDX-License-Identifier: Apache-2.0
"""The receivers an operator has configured."""

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
import re
import secrets as random_secrets
from typing import Any

from oslo_config import cfg

from reposync import consistency
from reposync import exception
from reposync import secret_words
from reposync.conf import receiver as receiver_conf
from reposync.webhooks import authentication
from reposync.webhooks import base
from reposync.webhooks import bodies
from reposync.webhooks import oidc

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_HEADER = re.compile(r"[A-Za-z0-9-]+", re.ASCII)


class BadReceiver(Exception):
    """A receiver is configured in a way that must not go into service."""


@dataclasses.dataclass(frozen=True, slots=True)
class Receiver:
    """What listens at ``/v1/notify/NAME``.

    :ivar registry: what events are about, whatever their bodies say
    :ivar project_id: whose operations are made
    :ivar signed: whether what proves who a caller is covers the body
    """

    name: str
    parse: base.Parser
    check: authentication.Check
    registry: str | None = None
    project_id: str | None = None
    signed: bool = False

    def events(
        self, headers: Mapping[str, str], body: bytes
    ) -> list[base.Event]:
        """Read a body of a caller that has proven who it is.

        :raises InvalidWebhook: it is not of the format
        """
        found = read(self.parse, headers, body)
        if self.registry is None:
            return found
        return [_moved(event, self.registry) for event in found]


def read(
    parse: base.Parser, headers: Mapping[str, str], body: bytes
) -> list[base.Event]:
    """Read a body of any packing.

    Of several objects one that cannot be understood is ignored and does not
    spoil the others.

    :raises InvalidWebhook: none of it is of the format
    """
    found: list[base.Event] = []
    wrong: list[exception.InvalidWebhook] = []
    parts = bodies.read(headers, body)
    for part in parts:
        try:
            found += parse(headers, part)
        except exception.InvalidWebhook as error:
            wrong.append(error)
    if len(wrong) == len(parts):
        raise wrong[0]
    return found + [base.ignored(error.message) for error in wrong]


def nobody() -> Receiver:
    """Make the receiver of all other names: it lets nobody in.

    It takes as long for that as a receiver that exists.
    """
    unknown = random_secrets.token_hex()
    return Receiver(
        "",
        lambda headers, body: [],
        authentication.make("hmac-sha256", "", [unknown]),
    )


def load(
    conf: cfg.ConfigOpts, formats: Mapping[str, base.Format]
) -> dict[str, Receiver]:
    """Make the receivers, by name.

    :param formats: what is installed
    :raises BadReceiver: one must not go into service; the text says which
        and what to do
    """
    if secret_words.any_short(conf.notify.tokens):
        raise BadReceiver(
            "[notify] tokens: each must have at least "
            f"{secret_words.SHORTEST} characters: {secret_words.ADVICE}"
        )
    names = conf.notify.receivers
    made = {}
    for name in names:
        if not _NAME.fullmatch(name) or names.count(name) > 1:
            raise BadReceiver(
                f"[notify] receivers: {name!r} must be given once, and be of "
                "lower-case letters, digits and '-'"
            )
        group = receiver_conf.register(conf, name)
        try:
            made[name] = _make(name, conf[group], formats)
        except consistency.REFERS as error:
            # Its text has a part of what may be the secret.
            raise _bad(name, f"secret: {consistency.DOLLAR}") from error
    return made


def _make(
    name: str, options: Any, formats: Mapping[str, base.Format]
) -> Receiver:
    known = formats.get(options.format or "")
    if known is None:
        raise _bad(name, f"format must be one of {', '.join(sorted(formats))}")
    registry = options.registry or None
    if registry is not None and not base.is_host(registry):
        raise _bad(name, f"registry {registry!r} is no host[:port]")
    if registry is None and not known.names_registry:
        raise _bad(
            name, f"{options.format} does not name hosts, so set registry"
        )
    project_id = options.project_id or None
    if project_id is not None and len(project_id) > 64:
        raise _bad(name, "project_id is longer than 64 characters")
    return Receiver(
        name,
        known.parse,
        _check(name, options, known),
        registry,
        project_id,
        signed=(options.auth or known.auth).startswith("hmac-"),
    )


def _check(
    name: str, options: Any, known: base.Format
) -> authentication.Check:
    way = options.auth or known.auth
    if way == "oidc":
        for option in ("oidc_audience", "oidc_email", "oidc_issuers"):
            if not options[option]:
                raise _bad(name, f"oidc needs {option}")
        return oidc.Oidc(
            oidc.Keys(options.oidc_keys),
            options.oidc_audience,
            options.oidc_email,
            options.oidc_issuers,
        )
    header = options.auth_header or known.header
    if not _HEADER.fullmatch(header):
        raise _bad(
            name,
            f"auth_header {header!r} must be of letters, digits and '-': "
            "servers drop other headers",
        )
    secrets = options.secret
    if way == "basic" and not all(":" in secret for secret in secrets):
        raise _bad(name, "secret must be USER:PASSWORD for basic")
    if not secrets or secret_words.any_short(_secret_parts(way, secrets)):
        part = "its password must have" if way == "basic" else "to"
        raise _bad(
            name,
            f"secret must be set, {part} at least {secret_words.SHORTEST} "
            f"characters: {secret_words.ADVICE}",
        )
    return authentication.make(way, header, secrets)


def _secret_parts(way: str, secrets: Iterable[str]) -> list[str]:
    """Leave out the names of accounts, which are no secrets."""
    if way != "basic":
        return list(secrets)
    return [secret.partition(":")[2] for secret in secrets]


def _moved(event: base.Event, registry: str) -> base.Event:
    old = event.reference
    if old is None:
        return event
    new = base.image(registry, old.repository, old.tag)
    return dataclasses.replace(event, reference=new)


def _bad(name: str, why: str) -> BadReceiver:
    return BadReceiver(f"[receiver:{name}] {why}")
