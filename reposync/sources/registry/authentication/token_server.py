# SPDX-License-Identifier: Apache-2.0
"""Asks token servers for tokens.

https://distribution.github.io/distribution/spec/auth/token/ (GET, with a
password) and https://distribution.github.io/distribution/spec/auth/oauth/
(POST, with an identity token).  Where one of them is answered with 404 or
405 the other one is tried, as containerd does.
"""

import base64
from collections.abc import Mapping
import dataclasses
import urllib.parse

from reposync import exception
from reposync.sources import credentials
from reposync.sources import recent
from reposync.sources.registry.authentication import challenges
from reposync.sources.registry.authentication import realms
from reposync.sources.registry.authentication import refusals
from reposync.sources.registry.authentication import tokens
from reposync.sources.registry.transport import answers
from reposync.sources.registry.transport import hosts
from reposync.sources.registry.transport.egress import rules as egress

_LONGEST = 256 * 1024
_MOST_REDIRECTS = 5
_MOST_ADDRESSES = 1000
_NOT_THIS_WAY = (404, 405)
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

Pairs = list[tuple[str, str]]


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """A token that is wanted.

    :ivar name: of the image, for messages
    """

    endpoint: hosts.Endpoint
    name: str
    challenge: challenges.Challenge
    scopes: tuple[str, ...]
    account: credentials.Credentials


class TokenServers:
    """Asks them; one for all threads.

    :param seconds: how long an answer may take
    """

    def __init__(self, transport: hosts.Hosts, seconds: float):
        """Begin with nothing asked."""
        self._hosts = transport
        self._seconds = seconds
        self._addresses: recent.Recent[tuple[str, str], str]
        self._addresses = recent.Recent(_MOST_ADDRESSES)

    def address(self, wanted: Request) -> str:
        """Give the address that is asked.

        :raises Unusable: the password may not be sent there
        """
        realm, endpoint = wanted.challenge.realm, wanted.endpoint
        known = self._addresses.get((endpoint.url, realm))
        url = known or realms.address(endpoint, realm, self._hosts)
        if known is None and url.startswith("http://"):
            if endpoint.url.startswith("https://"):
                # It may lead to TLS by itself, before it hears a password.
                trail = self._trail(wanted)
                url = realms.elsewhere(trail, url, self._hosts) or url
            self._addresses.put((endpoint.url, realm), url)
        secret = wanted.account != credentials.NONE
        if secret and not realms.may_have_password(endpoint, url, self._hosts):
            raise Unusable(
                f"{endpoint.name} names {_host(url)} for tokens, without "
                "TLS; it gets no password. If that is wanted, add "
                f"{_host(url)} to [registry] insecure"
            )
        return url

    def get(self, wanted: Request) -> tokens.Token:
        """Ask for a token.

        :raises Refused: the server says no
        :raises SourceUnavailable: it gives none for another reason
        """
        url = self.address(wanted)
        try:
            answer, data = self._try_both(wanted, url)
        except exception.SourceUnavailable:
            other = self._elsewhere(wanted, url)
            if other is None:
                raise
            answer, data = self._try_both(wanted, other)
        if answer.status >= 300:
            raise refusals.Refused(_host(url), answer, data)
        return tokens.read(_host(url), data, answer.headers)

    def _elsewhere(self, wanted: Request, url: str) -> str | None:
        """Find the address behind a realm without TLS that has none itself."""
        realm = wanted.challenge.realm
        if realm.startswith("https://") or url == realm:
            return None
        if not realms.may_ask_plainly(wanted.endpoint, realm, self._hosts):
            return None
        found = realms.elsewhere(self._trail(wanted), realm, self._hosts)
        if found:
            self._addresses.put((wanted.endpoint.url, realm), found)
        return found

    def _try_both(
        self, wanted: Request, url: str
    ) -> tuple[hosts.Answer, bytes]:
        post = bool(wanted.account.identity_token)
        answer, data = self._ask(wanted, url, post)
        secret = wanted.account != credentials.NONE
        if answer.status in _NOT_THIS_WAY and secret:
            again, other = self._ask(wanted, url, not post)
            if again.status not in _NOT_THIS_WAY:
                return again, other
        return answer, data

    def _ask(
        self, wanted: Request, url: str, post: bool
    ) -> tuple[hosts.Answer, bytes]:
        pairs = [("scope", scope) for scope in wanted.scopes]
        if wanted.challenge.service:
            pairs.insert(0, ("service", wanted.challenge.service))
        if post:
            body = urllib.parse.urlencode(_form(wanted, pairs)).encode()
            answer, moved = self._send(wanted, "POST", url, _FORM, body)
        else:
            headers = {}
            account = wanted.account
            if account != credentials.NONE:
                headers["Authorization"] = basic(account)
            if account.user:
                pairs.append(("account", account.user))
            joint = "&" if "?" in url else "?"
            url += joint + urllib.parse.urlencode(pairs)
            answer, moved = self._send(wanted, "GET", url, headers, None)
        data = answers.read(_host(url), answer, _LONGEST, self._seconds)
        if moved and answer.status >= 300:
            # Nobody knows whose words these are.
            data = b""
        return answer, data

    def _trail(self, wanted: Request) -> egress.Trail:
        return self._hosts.trail(wanted.endpoint, wanted.challenge.origin)

    def _send(
        self,
        wanted: Request,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> tuple[hosts.Answer, bool]:
        """Ask; tells as well whether another host than that answers."""
        trail, asked = self._trail(wanted), url
        seen: set[str | None] = {url}
        while len(seen) <= _MOST_REDIRECTS:
            answer = self._hosts.send(trail, method, url, headers, body)
            if not realms.is_redirect(answer):
                return answer, not realms.is_same(asked, url)
            answer.close()
            target = realms.redirect(url, answer)
            self._check(wanted, url, target)
            if answer.status == 303:
                method, body = "GET", None
            if target in seen:
                break
            seen.add(target)
            url = target or url
        raise exception.SourceUnavailable(f"{_host(url)} redirects endlessly")

    def _check(self, wanted: Request, url: str, target: str | None) -> None:
        """Refuse to follow a redirect where a password must not go."""
        if target is None:
            raise exception.SourceUnavailable(
                f"{_host(url)} gives no token: it redirects to no address"
            )
        plain = target.startswith("http://") and (
            url.startswith("https://")
            or not self._hosts.is_insecure(_host(target))
        )
        secret = wanted.account != credentials.NONE
        if plain or (secret and realms.host(url) != realms.host(target)):
            raise Unusable(
                f"{_host(url)} gives no token itself and leads to "
                f"{realms.origin(target)}, which gets no "
                f"{'password' if secret else 'request without TLS'}"
            )


class Unusable(exception.RegistryDenied):
    """A challenge cannot be answered; another one may be."""


def basic(account: credentials.Credentials) -> str:
    """Give the header for an account (RFC 7617)."""
    secret = account.identity_token or account.password
    pair = f"{account.user}:{secret}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _form(wanted: Request, pairs: Pairs) -> Pairs:
    account = wanted.account
    joined = [(key, value) for key, value in pairs if key != "scope"]
    joined += [("scope", " ".join(wanted.scopes)), ("client_id", "reposync")]
    if account.identity_token:
        return [
            *joined,
            ("grant_type", "refresh_token"),
            ("refresh_token", account.identity_token),
        ]
    return [
        *joined,
        ("grant_type", "password"),
        ("username", account.user),
        ("password", account.password),
    ]


def _host(url: str) -> str:
    return urllib.parse.urlsplit(url).netloc
