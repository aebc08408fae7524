# SPDX-License-Identifier: Apache-2.0
"""What is asked of every secret that callers share with the service."""

from collections.abc import Iterable

#: Shorter ones can be guessed.
SHORTEST = 16
ADVICE = "openssl rand -hex 32"
#: What stands before a secret in ``Authorization`` (RFC 9110, 11.4).
_SCHEMES = ("basic", "bearer", "token")


def is_short(secret: str) -> bool:
    """Tell whether a secret is too short to be one.

    A scheme in front of it, as in ``Bearer SECRET``, is known to everybody.
    """
    scheme, _, rest = secret.strip().partition(" ")
    known = scheme.lower() in _SCHEMES
    return len(rest.strip() if known else secret.strip()) < SHORTEST


def any_short(secrets: Iterable[str]) -> bool:
    """Tell whether one of several is too short."""
    return any(is_short(secret) for secret in secrets)
