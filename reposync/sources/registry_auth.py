# SPDX-License-Identifier: Apache-2.0
"""Logs in to registries: Basic, and tokens.

The token flow is that of the distribution project
(https://distribution.github.io/distribution/spec/auth/token/ and
https://distribution.github.io/distribution/spec/auth/oauth/).
"""

import base64
from collections.abc import Mapping
import dataclasses
import json
import time
from typing import Any
import urllib.parse
import urllib.request

from oslo_config import cfg

from reposync import exception
from reposync import reference as ref
from reposync.sources import credentials
from reposync.sources import errors
from reposync.sources import registry_hosts as hosts

_LONGEST = 1024 * 1024
#: What the protocol says where an answer names no time.
_LIFETIME = 60.0
#: So many are kept before those that have expired are thrown away.
_MOST_TOKENS = 1000
#: Seconds a token must last to be used once more.
_MARGIN = 10.0


@dataclasses.dataclass(frozen=True, slots=True)
class Challenge:
    """How a registry wants callers to log in.

    :ivar scheme: ``basic`` or ``bearer``
    :ivar realm: where tokens are given
    :ivar service: the registry as the token server knows it
    """

    scheme: str
    realm: str = ""
    service: str = ""

    @classmethod
    def parse(cls, header: str) -> "Challenge":
        """Read ``WWW-Authenticate`` (RFC 9110, section 11.6.1)."""
        scheme, _, rest = header.strip().partition(" ")
        items = urllib.request.parse_http_list(rest)
        pairs = urllib.request.parse_keqv_list(
            [item for item in items if "=" in item]
        )
        return cls(
            scheme.lower(), pairs.get("realm", ""), pairs.get("service", "")
        )


class Authenticator:
    """Knows what to send as ``Authorization``; one for all threads."""

    def __init__(self, conf: cfg.ConfigOpts, transport: hosts.Hosts):
        """Begin with no token."""
        self._conf = conf
        self._hosts = transport
        self._challenges: dict[str, Challenge] = {}
        self._tokens: dict[tuple[Any, ...], tuple[str, float]] = {}

    def header(
        self, endpoint: hosts.Endpoint, reference: ref.Reference
    ) -> str | None:
        """Give the header for a request; None if none is known to be needed.

        :raises RegistryDenied: credentials are refused or cannot be read
        """
        challenge = self._challenges.get(endpoint.url)
        if challenge is None:
            return None
        return self._answer(endpoint, reference, challenge, refused=None)

    def renew(
        self,
        endpoint: hosts.Endpoint,
        reference: ref.Reference,
        challenges: list[str],
        refused: str | None,
    ) -> str:
        """Give the header after a registry has answered 401.

        :param challenges: the values of ``WWW-Authenticate``
        :param refused: the header that was sent
        :raises RegistryDenied: there is nothing else to try
        """
        for challenge in map(Challenge.parse, challenges):
            if challenge.scheme in ("basic", "bearer"):
                found = self._answer(endpoint, reference, challenge, refused)
                if found is None or found == refused:
                    break
                self._challenges[endpoint.url] = challenge
                return found
        raise errors.denied(str(reference), "401 Unauthorized")

    def _answer(
        self,
        endpoint: hosts.Endpoint,
        reference: ref.Reference,
        challenge: Challenge,
        refused: str | None,
    ) -> str | None:
        account = self._account(endpoint, reference)
        if account.registry_token:
            return f"Bearer {account.registry_token}"
        if challenge.scheme == "basic":
            return _basic(account) if account.user else None
        scope = f"repository:{reference.repository}:pull"
        key = endpoint.url, challenge, scope, account
        token, expires = self._tokens.get(key, ("", 0.0))
        fresh = time.monotonic() < expires and f"Bearer {token}" != refused
        if not fresh:
            token, lifetime = self._fetch(
                endpoint, challenge, scope, account, str(reference)
            )
            self._keep(key, token, lifetime - _MARGIN)
        return f"Bearer {token}"

    def _keep(self, key: tuple[Any, ...], token: str, seconds: float) -> None:
        now = time.monotonic()
        if len(self._tokens) >= _MOST_TOKENS:
            known = self._tokens.items()
            self._tokens = {k: v for k, v in known if v[1] > now}
        self._tokens[key] = token, now + seconds

    def _account(
        self, endpoint: hosts.Endpoint, reference: ref.Reference
    ) -> credentials.Credentials:
        # A mirror gets its own credentials, never those of the registry.
        named = dataclasses.replace(reference, registry=endpoint.name)
        return credentials.find(self._conf, named)

    def _fetch(
        self,
        endpoint: hosts.Endpoint,
        challenge: Challenge,
        scope: str,
        account: credentials.Credentials,
        name: str,
    ) -> tuple[str, float]:
        realm = urllib.parse.urlsplit(challenge.realm)
        if realm.scheme != "https" and not (
            realm.scheme == "http" and endpoint.insecure
        ):
            raise errors.denied(name, "tokens are given without TLS")
        query = {"service": challenge.service, "scope": scope}
        headers = {}
        method, url, body = "GET", challenge.realm, None
        if account.identity_token:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            form = query | {
                "grant_type": "refresh_token",
                "client_id": "reposync",
                "refresh_token": account.identity_token,
            }
            method, body = "POST", urllib.parse.urlencode(form).encode()
        else:
            if account.user:
                headers["Authorization"] = _basic(account)
                query["account"] = account.user
            joint = "&" if realm.query else "?"
            url += joint + urllib.parse.urlencode(query)
        answer = self._hosts.send(method, url, headers, body)
        return _read_token(answer, realm.netloc, name)


def _basic(account: credentials.Credentials) -> str:
    pair = f"{account.user}:{account.password}".encode()
    return f"Basic {base64.b64encode(pair).decode()}"


def _read_token(
    answer: hosts.Answer, host: str, name: str
) -> tuple[str, float]:
    try:
        data = answer.read(_LONGEST)
    except hosts.BROKEN as error:
        raise hosts.unavailable(host, error) from error
    finally:
        answer.close()
    if answer.status in (400, 401, 403):
        raise errors.denied(name, f"{host} gives no token: {answer.status}")
    if answer.status == 429:
        raise exception.RateLimited(f"{host} gives no token for now: 429")
    try:
        values: Mapping[str, Any] = json.loads(data)
        token = str(values.get("token") or values["access_token"])
        return token, float(values.get("expires_in") or _LIFETIME)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise exception.SourceUnavailable(
            f"{host} gives no token: status {answer.status}"
        ) from error
