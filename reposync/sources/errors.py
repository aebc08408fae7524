# SPDX-License-Identifier: Apache-2.0
"""What every source says in the same words."""

import datetime
import http
import re
from typing import Any

from reposync import exception
from reposync import texts
from reposync.sources.oci import documents

_SHORT = 300
_CODE = re.compile(r"[\w.-]{1,64}", re.ASCII)
_LOGIN = re.compile(
    r"\b(basic|bearer):?\s+(?!realm=)[\w+/=.~-]{6,}", re.IGNORECASE
)
#: Of forms and JSON, which token servers are sent.
_SECRET = re.compile(
    r"((?<![a-z])"
    r"(?:password|passwd|secret|(?:refresh|access|identity|id)_?token)"
    r"[\"']?\s*[=:]\s*)(?:\"[^\"]*\"?|'[^']*'?|[^\s&,;\"'}]+)",
    re.IGNORECASE,
)


class PerhapsNotFound(exception.ReferenceNotFound):
    """It was not the registry itself that said so: no reason to delete."""


def not_found(
    name: str,
    said: str,
    kind: type[exception.ReferenceNotFound] = exception.ReferenceNotFound,
) -> exception.ReferenceNotFound:
    """Say that there is no such image.

    :param name: the reference that was asked for
    :param said: the other side's own words
    """
    return kind(
        f"The registry does not know {name}, or shows it only to accounts "
        "that may see it. Check name and tag, or give credentials in "
        f"[registry] auth_file ({shorten(said)})"
    )


def denied(name: str, said: str) -> exception.RegistryDenied:
    """Say that access is refused, or credentials are missing."""
    return exception.RegistryDenied(
        f"The registry refuses access to {name}. Give credentials for it in "
        f"[registry] auth_file ({shorten(said)})"
    )


def rate_limited(said: str, pause: float) -> exception.RateLimited:
    """Say that the registry asks to come back later.

    :param pause: in how many seconds
    """
    at = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    at += datetime.timedelta(seconds=round(pause))
    return exception.RateLimited(
        f"The registry's rate limit is reached ({shorten(said)}). "
        f"Next attempt at {at:%Y-%m-%dT%H:%M:%SZ}; an account in "
        "[registry] auth_file may have a higher limit",
        retry_after=pause,
    )


def shorten(text: str) -> str:
    """Make one short line without passwords of what somebody else wrote."""
    line = texts.line(text)
    line = re.sub(r"://[^/\s@]*@", "://", line)
    line = re.sub(r"\?[^\s\"]*", "", line)
    # Some repeat the login that they were sent.
    line = _SECRET.sub(r"\1...", _LOGIN.sub(r"\1 ...", line))
    return line if len(line) <= _SHORT else f"{line[:_SHORT]}..."


def registry_words(data: bytes) -> tuple[str, str]:
    """Find the code and the words in the body of an error.

    The words are those of registries (https://distribution.github.io/
    distribution/spec/api/#errors).  Whatever else answers may hold what is
    nobody's business, and is not shown; but its code says what to do: that
    of JSON, or of XML as S3 and its like and Azure's storage send it.

    :returns: both empty if there are none
    """
    value = _load(data)
    if first := _first(value.get("errors")):
        code = _word(first.get("code"))
        return code, _said(code, first.get("message"))
    other = _first(value.get("error")) or value
    return _word(other.get("code")) or _xml(data, "Code"), ""


def registry_text(data: bytes) -> str:
    """Find the words in the body of an error; see `registry_words`."""
    return registry_words(data)[1]


def token_text(data: bytes) -> str:
    """Find the words in the body of a token server's error.

    Those of registries, ``details`` or ``message`` (Docker Hub), or those of
    RFC 6749, section 5.2.
    """
    value = _load(data)
    if first := _first(value.get("errors")):
        return _said(_word(first.get("code")), first.get("message"))
    names = ("details", "message", "error_description")
    said = [each for each in map(value.get, names) if isinstance(each, str)]
    return _said(_word(value.get("error")), next(iter(said), ""))


def phrase(status: int) -> str:
    """Give the words of RFC 9110 for a status, not those of a server."""
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"


def _load(data: bytes) -> dict[str, Any]:
    try:
        value = documents.load_leniently(data)
    except (ValueError, TypeError, KeyError, AttributeError):
        return {}
    return value if isinstance(value, dict) else {}


def _first(value: object) -> dict[str, Any]:
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, dict) else {}


def _said(code: str, message: object) -> str:
    words = message if isinstance(message, str) else ""
    return shorten(f"{code} {words}")


def _word(value: object) -> str:
    found = isinstance(value, str) and _CODE.fullmatch(value)
    return found[0] if found else ""


def _xml(data: bytes, name: str) -> str:
    # A document of strangers is not worth a parser that may be fooled.
    text = data[: 16 * 1024].decode(errors="replace")
    found = re.search(rf"<{name}>([^<>]{{1,{_SHORT}}})</{name}>", text)
    if not found or "<Error" not in text:
        return ""
    return found[1].strip()
