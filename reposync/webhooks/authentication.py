# SPDX-License-Identifier: Apache-2.0
"""How the caller of a webhook proves who it is.

Each way is a function of headers, query string and raw body; nothing of the
body is understood before.  Secrets are compared as bytes, in constant time,
and all of them, so that the time does not tell which was nearly right.
"""

import base64
import binascii
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
import functools
import hmac
import urllib.parse

#: Headers, their names in lower case; query string; body.  True if the
#: caller is who it should be.
Check = Callable[[Mapping[str, str], bytes, bytes], bool]
Secrets = Sequence[bytes]

PARAMETER = "token"
_RAW = "latin-1"


def make(way: str, header: str, secrets: Sequence[str]) -> Check:
    """Choose a way; ``oidc`` has a module of its own.

    :param way: ``query``, ``header``, ``basic`` or ``hmac-...``
    :param header: the header that is looked at
    :raises ValueError: there are no secrets
    """
    if not secrets or not all(secrets):
        raise ValueError("no secret")
    keys = [secret.encode() for secret in secrets]
    match way.partition("-"):
        case ["query", _, _]:
            return functools.partial(_query, keys)
        case ["basic", _, _]:
            return functools.partial(_basic, keys)
        case ["hmac", _, algorithm]:
            return functools.partial(_hmac, keys, header.lower(), algorithm)
    return functools.partial(_header, keys, header.lower())


def equal(shown: bytes, secrets: Secrets) -> bool:
    """Compare what was shown with each secret."""
    right = [hmac.compare_digest(shown, secret) for secret in secrets]
    return any(right)


def _query(
    secrets: Secrets, headers: Mapping[str, str], query: bytes, body: bytes
) -> bool:
    """Look at ``?token=``, which must be there once.

    A secret in base64 may have a plus that nobody has written as %2B.
    """
    # Latin-1 keeps every byte as it is.
    text = query.decode(_RAW)
    right = []
    for each in (text, text.replace("+", "%2B")):
        values = urllib.parse.parse_qs(each, encoding=_RAW)
        given = values.get(PARAMETER, [])
        shown = given[0] if len(given) == 1 else ""
        right.append(equal(shown.encode(_RAW), secrets))
    return any(right)


def _header(
    secrets: Secrets,
    header: str,
    headers: Mapping[str, str],
    query: bytes,
    body: bytes,
) -> bool:
    """Look at a header, verbatim."""
    return equal(_bytes(headers.get(header, "")), secrets)


def _basic(
    secrets: Secrets, headers: Mapping[str, str], query: bytes, body: bytes
) -> bool:
    """Look at ``Authorization: Basic`` (RFC 7617)."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    try:
        shown = base64.b64decode(_bytes(value.strip()), validate=True)
    except (binascii.Error, ValueError):
        shown = b""
    return equal(shown if scheme.lower() == "basic" else b"", secrets)


def _hmac(
    secrets: Secrets,
    header: str,
    algorithm: str,
    headers: Mapping[str, str],
    query: bytes,
    body: bytes,
) -> bool:
    """Look at an HMAC in hex, alone or behind ``sha256=``."""
    shown = headers.get(header, "").strip().lower()
    shown = shown.removeprefix(f"{algorithm}=")
    signatures = [
        hmac.new(secret, body, algorithm).hexdigest().encode()
        for secret in secrets
    ]
    return equal(_bytes(shown), signatures)


def _bytes(value: str) -> bytes:
    # WSGI hands bytes on as Latin-1.
    return value.encode(_RAW, "replace")
