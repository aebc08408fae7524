# SPDX-License-Identifier: Apache-2.0
"""Reads what servers answer: short bodies, and refusals."""

import re

from reposync import exception
from reposync import retry
from reposync.sources import errors
from reposync.sources.registry.transport import hosts
from reposync.sources.registry.transport import rate_limits
from reposync.sources.registry.transport import throttle
from reposync.sources.registry.transport import watchdog

_LONGEST_TEXT = 64 * 1024
#: How long the text of an error may take; the error stands without it.
_TEXT_SECONDS = 10.0
_PACKINGS = frozenset({"gzip", "x-gzip", "deflate"})
_PAGE = re.compile(r"\s*(text/html|application/xhtml\+xml)\b", re.I)
#: A registry says with these that a name is not there.  A bare 404 may be
#: that of a load balancer which has lost its registry.
_UNKNOWN = frozenset(
    {"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND", "NAME_INVALID"}
)


class Answered(exception.SourceUnavailable):
    """A server has answered, but with something that may pass.

    :ivar at_once: whether it may be another one in a moment
    """

    at_once = True


class Missing(Answered):
    """A registry has named something that it does not have.

    It was pushed or removed this moment, or is being copied to this server.
    """


class NothingThere(exception.ReferenceNotFound):
    """A bare 404: nothing tells that a registry said it."""


def at_once(error: exception.SourceError) -> bool:
    """Tell whether to ask again without letting the operation wait."""
    asked = error.retry_after or 0.0
    return asked <= retry.PATIENCE and getattr(error, "at_once", True)


def read(host: str, answer: hosts.Answer, most: int, seconds: float) -> bytes:
    """Read a short body to its end, and let go of the connection.

    What a proxy has packed on the way is unpacked; see `is_packed`.

    :param seconds: when it must be over, however the bytes come
    :returns: no more than `most` + 1 bytes
    :raises SourceUnavailable: it broke off or took too long
    """
    if not answer.length_remaining and answer.length_remaining is not None:
        # Nothing to wait for; this returns the connection to the others.
        answer.read(1)
        answer.close()
        return b""
    try:
        with watchdog.DOG.limit(host, answer.shutdown, seconds):
            packed = is_packed(answer)
            data = answer.read(most + 1, decode_content=packed)
            if 0 < len(data) <= most:
                # Its end returns the connection to the others.
                rest = most + 1 - len(data)
                data += answer.read(rest, decode_content=packed)
            return data
    except hosts.BROKEN as error:
        raise hosts.unavailable(host, error) from error
    finally:
        answer.close()


def discard(host: str, answer: hosts.Answer) -> None:
    """Read what is left of a short answer, so that its connection lives."""
    _text(host, answer)


def is_packed(answer: hosts.Answer) -> bool:
    """Tell whether something on the way has packed an answer, and once.

    Nothing packs twice but bombs: a few megabytes of gzip within gzip keep a
    processor busy for days, and hold nothing.  Other packings than those of
    the standard library have no bounds in each release of theirs.
    """
    encoding = answer.headers.get("content-encoding") or ""
    return encoding.strip().lower() in _PACKINGS


def is_page(answer: hosts.Answer, size: int | None = None) -> bool:
    """Tell whether it is called a page for people.

    :param size: of what was asked for; what has just this length is that,
        whatever it is called
    """
    headers = answer.headers
    if size is not None and headers.get("content-length") == str(size):
        return False
    return bool(_PAGE.match(headers.get("content-type") or ""))


def page(host: str, name: object, asked: str) -> exception.SourceError:
    """Say that a web page came where an image was wanted.

    :param asked: the host that was asked at first
    """
    way = "" if host == asked else f", to which {asked} redirects,"
    return stranger(
        f"{host}{way} answers with a web page instead of {name}: no registry "
        "is there. Check the name, and whether a proxy or a login stands in "
        "between"
    )


def stranger(text: str) -> Answered:
    """Say that something else answers; a moment changes nothing about it."""
    error = Answered(text)
    error.at_once = False
    return error


def translate(
    answer: hosts.Answer,
    name: str,
    host: str,
    limits: throttle.Governor,
    *,
    promised: bool,
    stored: bool,
    moved: bool = False,
    counted: bool = False,
) -> exception.SourceError:
    """Say what a refusal means.

    :param host: that said it
    :param promised: the registry's own words name what was asked for
    :param stored: storage said it, to which the registry had redirected: no
        account of ours is known there, and a signed address expires
    :param moved: another host said it than the one that was asked: its words
        are not shown
    :param counted: whether it counts as a pull
    """
    code, text = errors.registry_words(_text(host, answer))
    if moved or not text:
        text = errors.phrase(answer.status)
    said = f"{host} said {answer.status}: {text}"
    asked = rate_limits.retry_after(answer.headers)
    verdict = retry.verdict(answer.status, code)
    if verdict is retry.Verdict.LIMIT or _is_limited(answer, asked):
        pause = limits.refuse(asked, said, counted=counted)
        return errors.rate_limited(said, pause)
    text = f"{name} could not be read: {said}"
    if verdict is retry.Verdict.AGAIN or (stored and answer.status < 500):
        return Answered(text, retry_after=asked)
    if promised and answer.status in (404, 410):
        return Missing(f"{text}. If that stays so, push the image anew")
    if answer.status in (404, 410):
        found = errors.not_found(name, said)
        known = code.upper() in _UNKNOWN
        return found if known else NothingThere(found.message)
    if answer.status in (401, 403, 407, 451):
        return errors.denied(name, said)
    return exception.SourceError(f"{name} is not served: {said}")


def _is_limited(answer: hosts.Answer, asked: float | None) -> bool:
    """Tell whether a 403 is a limit, as GitHub's is."""
    if answer.status != 403:
        return False
    budget = rate_limits.budget(answer.headers)
    spent = budget is not None and not budget.remaining
    return asked is not None or spent


def _text(host: str, answer: hosts.Answer) -> bytes:
    try:
        return read(host, answer, _LONGEST_TEXT, _TEXT_SECONDS)
    except exception.SourceUnavailable:
        return b""
