# SPDX-License-Identifier: Apache-2.0
"""Logs in to registries: Basic, and tokens.

A registry says how in an answer 401, and only the registry itself does: what
storage behind it answers is nobody's invitation to send a password.  Its
challenges are answered in the order of their strength; one that cannot be
answered leaves the next one.

Engines ask ``/v2/`` before anything else and log in if it wants them to.  It
is asked here where that may help: where 401 comes without a challenge, and
where somebody who has not logged in is told 403 or 404: GitHub's first
registry hid from strangers what it had.
"""

from collections.abc import Callable
import dataclasses
from typing import Protocol
from typing import TypeVar

from oslo_config import cfg

from reposync import exception
from reposync import reference as ref
from reposync.sources import recent
from reposync.sources.registry.authentication import (
    accounts as registry_accounts,
)
from reposync.sources.registry.authentication import authorization as logins
from reposync.sources.registry.authentication import challenges
from reposync.sources.registry.authentication import denials
from reposync.sources.registry.authentication import ping
from reposync.sources.registry.authentication import scopes
from reposync.sources.registry.authentication import token_server
from reposync.sources.registry.transport import hosts
from reposync.sources.registry.transport import throttle
from reposync.sources.registry.transport.egress import addresses
from reposync.sources.registry.transport.egress import rules as egress

_MOST_KEPT = 1000


class Reply(Protocol):
    """An answer, and where it came from."""

    @property
    def answer(self) -> hosts.Answer:
        """The answer; its body is unread."""

    @property
    def moved(self) -> bool:
        """Whether a redirect led to a stranger who gave it."""

    @property
    def origin(self) -> addresses.Kind:
        """The kind of address that the registry was at."""


R = TypeVar("R", bound=Reply)


class Authenticator:
    """Knows what to send as ``Authorization``; one for all threads."""

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        transport: hosts.Hosts,
        governors: throttle.Governors,
    ):
        """Begin with no token."""
        self._logins = logins.Logins(conf, transport, governors)
        self._pings = ping.Pings(transport)
        self._challenges: recent.Recent[
            tuple[str, str], challenges.Challenge
        ] = recent.Recent(_MOST_KEPT)

    def send(
        self,
        endpoint: hosts.Endpoint,
        reference: ref.Reference,
        send: Callable[[str | None], R],
    ) -> R:
        """Send a request as somebody the registry lets in.

        :param send: sends it with an ``Authorization``
        :raises RegistryDenied: credentials are refused or cannot be read
        :raises SourceUnavailable: no token can be had
        :raises RateLimited: the token server asks to wait
        """
        login = self._known(endpoint, reference)
        reply = self._try(endpoint, login, send)
        status = reply.answer.status
        if reply.moved or status not in (401, 403, 404):
            return reply
        headers = reply.answer.headers.getlist("www-authenticate")
        offered = challenges.read(headers, reply.origin)
        if status != 401:
            offered = []
            if login.header is None:
                offered = self._hidden(endpoint, reference)
            if not offered:
                return reply
        said = denials.said(endpoint.host, reply.answer)
        if not offered:
            offered = self._pings.challenges(endpoint)
        if not offered:
            raise denials.not_understood(endpoint, reference, headers)
        return self._renew(endpoint, reference, login, said, offered, send)

    def _hidden(
        self, endpoint: hosts.Endpoint, reference: ref.Reference
    ) -> list[challenges.Challenge]:
        """Give the challenges that may show more than a stranger sees."""
        return [
            each
            for each in self._pings.challenges(endpoint)
            if each.scheme == "bearer"
            or self._logins.has_account(endpoint, reference)
        ]

    def _known(
        self, endpoint: hosts.Endpoint, reference: ref.Reference
    ) -> logins.Login:
        """Give what the registry wanted last time."""
        special = endpoint.url, endpoint.here(reference).repository
        common = endpoint.url, ""
        known = self._challenges.get(special) or self._challenges.get(common)
        if known is None:
            return logins.Login()
        try:
            return self._logins.make(endpoint, reference, known)
        except (
            token_server.Unusable,
            exception.SourceUnavailable,
            egress.Refused,
        ):
            # It may want something else by now; the next attempt asks.
            self._challenges.drop(special)
            self._challenges.drop(common)
            raise

    def _renew(
        self,
        endpoint: hosts.Endpoint,
        reference: ref.Reference,
        before: logins.Login,
        said: str,
        offered: list[challenges.Challenge],
        send: Callable[[str | None], R],
    ) -> R:
        """Answer the challenges of a registry that has said no."""
        problem: exception.SourceError | None = None
        for challenge in offered:
            try:
                login = self._logins.make(
                    endpoint, reference, challenge, before.header
                )
            except registry_accounts.AccountRefused:
                # The next image need not ask the registry to hear of it.
                self._remember(endpoint, reference, challenge)
                raise
            except (
                token_server.Unusable,
                exception.SourceUnavailable,
                egress.Refused,
            ) as error:
                problem = problem or error
                continue
            if login.header in (None, before.header):
                continue
            self._remember(endpoint, reference, challenge)
            reply = self._try(endpoint, login, send)
            if reply.answer.status != 401 or reply.moved:
                return reply
            said = denials.said(endpoint.host, reply.answer)
            raise denials.denied(endpoint, reference, login.account, said)
        if problem is not None:
            raise problem
        raise denials.denied(endpoint, reference, before.account, said)

    def _try(
        self,
        endpoint: hosts.Endpoint,
        login: logins.Login,
        send: Callable[[str | None], R],
    ) -> R:
        if not login.is_direct:
            return send(login.header)
        host, account = endpoint.host, login.account
        accounts = self._logins.accounts
        with accounts.turn(host, account):
            reply = send(login.header)
            answer = reply.answer
            if answer.status == 401 and not reply.moved and _is_final(answer):
                raise accounts.refuse(
                    host, account, denials.said(endpoint.host, answer)
                )
            if answer.status < 500 and answer.status not in (401, 429):
                accounts.trust(host, account)
            return reply

    def _remember(
        self,
        endpoint: hosts.Endpoint,
        reference: ref.Reference,
        challenge: challenges.Challenge,
    ) -> None:
        # Most registries want the same for all repositories; Artifactory has
        # a token server for each of its own.
        self._challenges.put(
            (endpoint.url, endpoint.here(reference).repository), challenge
        )
        common = dataclasses.replace(
            challenge, scopes=scopes.general(challenge)
        )
        self._challenges.put((endpoint.url, ""), common)


def _is_final(answer: hosts.Answer) -> bool:
    """Tell whether an account is refused, not the way it was sent."""
    offered = challenges.read(answer.headers.getlist("www-authenticate"))
    return not offered or any(each.scheme == "basic" for each in offered)
