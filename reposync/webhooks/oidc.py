# SPDX-License-Identifier: Apache-2.0
"""Tokens of an OpenID provider, as Pub/Sub shows them.

https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions and
OpenID Connect Core 1.0, section 2.  Signature, issuer, audience, time and
e-mail address must all be right.
"""

from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import json
import threading
import time
from typing import Any

import jwt
import requests
import urllib3

from reposync import exception

_ALGORITHMS = ["RS256", "ES256"]
_LEEWAY = 30
_TIMEOUT = (5, 10)
_LIMIT = 1 << 20
#: Seconds for which keys are good.
_LIFETIME = 3600.0
_PAUSE = 60.0


class Keys:
    """The keys of a provider (RFC 7517), kept for an hour.

    :param url: where they are
    :param pause: seconds between two looks, whatever callers name
    """

    def __init__(self, url: str, pause: float = _PAUSE):
        """Store the address; the first token needs them."""
        self._url = url
        self._pause = pause
        self._lock = threading.Lock()
        self._keys: dict[str, Any] = {}
        self._looked = self._got = float("-inf")
        self._trouble: Exception | None = None

    def get(self, key_id: str) -> Any:
        """Give a key; None if the provider has none of this id.

        :raises KeysUnavailable: nobody can tell
        """
        with self._lock:
            if not self._is_fresh() or key_id not in self._keys:
                self._look()
            if self._is_fresh() and key_id in self._keys:
                return self._keys[key_id]
            if self._trouble is None:
                return None
            raise exception.KeysUnavailable(
                f"The keys of the OpenID provider at {self._url} cannot be "
                f"had ({type(self._trouble).__name__}), so no token can be "
                "checked",
                retry_after=self._pause,
            ) from self._trouble

    def _is_fresh(self) -> bool:
        return time.monotonic() < self._got + _LIFETIME

    def _look(self) -> None:
        if time.monotonic() < self._looked + self._pause:
            return
        try:
            self._keys = self._fetch()
            self._got = time.monotonic()
            self._trouble = None
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            ValueError,
            # Of JSON that is nested too deeply.
            RecursionError,
            jwt.PyJWTError,
        ) as error:
            self._trouble = error
        self._looked = time.monotonic()

    def _fetch(self) -> dict[str, Any]:
        with requests.get(
            self._url, timeout=_TIMEOUT, allow_redirects=False, stream=True
        ) as answer:
            answer.raise_for_status()
            if answer.status_code != 200:
                # A redirect, which nobody follows, brings no keys either.
                raise ValueError(f"status {answer.status_code}")
            text = answer.raw.read(_LIMIT, decode_content=True)
        content = json.loads(text)
        if not isinstance(content, dict):
            raise ValueError("no set of keys")
        found = jwt.PyJWKSet.from_dict(content)
        return {key.key_id: key.key for key in found.keys if key.key_id}


@dataclasses.dataclass(frozen=True, slots=True)
class Oidc:
    """Checks the token in ``Authorization: Bearer``.

    :ivar audience: what it must be for
    :ivar email: the account it must belong to
    :ivar issuers: who may have issued it
    """

    keys: Keys
    audience: str
    email: str
    issuers: Sequence[str]

    def __call__(
        self, headers: Mapping[str, str], query: bytes, body: bytes
    ) -> bool:
        """Tell whether the caller is who it should be.

        :raises KeysUnavailable: nobody can tell
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return False
        try:
            head = jwt.get_unverified_header(token.strip())
            key = self.keys.get(str(head.get("kid", "")))
            if key is None:
                return False
            claims = jwt.decode(
                token.strip(),
                key,
                algorithms=_ALGORITHMS,
                audience=self.audience,
                leeway=_LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except (jwt.PyJWTError, RecursionError, TypeError, ValueError):
            return False
        return (
            claims.get("iss") in self.issuers
            and claims.get("email") == self.email
            and claims.get("email_verified") is True
        )
