# SPDX-License-Identifier: Apache-2.0
"""What every source says in the same words."""

import datetime
import re

from reposync import exception
from reposync import texts
from reposync.sources import documents

_SHORT = 300
_LOGIN = re.compile(
    r"\b(basic|bearer):?\s+(?!realm=)[\w+/=.~-]{6,}", re.IGNORECASE
)
#: Of forms and JSON, which token servers are sent.
_SECRET = re.compile(
    r"((?:password|passwd|secret|(?:refresh|access|identity|id)_?token)"
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

    Registries send JSON (https://distribution.github.io/distribution/spec/
    api/#errors); S3 and its like, and Azure's storage, XML with ``Code`` and
    ``Message``, and some a few plain words.  A page for people says nothing.

    :returns: both empty if there are none
    """
    try:
        value = documents.load_leniently(data)
        found = value.get("errors") or value.get("error") or value
        first = found[0] if isinstance(found, list) else found
        if isinstance(first, str):
            return "", shorten(first)
        code = _word(first.get("code"))
        message = first.get("message") or first.get("details") or ""
    except (ValueError, TypeError, KeyError, AttributeError):
        code, message = _xml(data, "Code"), _xml(data, "Message")
    if not code and not message:
        message = _plain(data)
    return code, shorten(f"{code} {message}")


def registry_text(data: bytes) -> str:
    """Find the words in the body of an error; see `registry_words`."""
    return registry_words(data)[1]


def _plain(data: bytes) -> str:
    text = data[:_SHORT].decode(errors="replace")
    # A page for people, of a proxy in between.
    return "" if text.lstrip().startswith("<") else text


def _word(value: object) -> str:
    return value if isinstance(value, str) and value.isascii() else ""


def _xml(data: bytes, name: str) -> str:
    # A document of strangers is not worth a parser that may be fooled.
    text = data[: 16 * 1024].decode(errors="replace")
    found = re.search(rf"<{name}>([^<>]{{1,{_SHORT}}})</{name}>", text)
    if not found or "<Error" not in text:
        return ""
    return found[1].strip()
