# SPDX-License-Identifier: Apache-2.0
"""What must hold of every input, whoever sends it."""

from collections.abc import Callable
from collections.abc import Iterable
import dataclasses
import resource
import time

from reposync import exception
from reposync import texts

#: Characters of the text of an error.
LONGEST_TEXT = texts.LONGEST
#: Bytes; to what is longer, the bounds of time and memory do not apply.
LONGEST_INPUT = 64 * 1024
#: Of the processor: how busy the machine is does not count.
SECONDS = 1.0
MEMORY = 64 * 1024 * 1024
#: A password that targets hand to what they call.
SECRET = "correct-horse-battery"
_KIB = 1024


class Finding(AssertionError):
    """An input does harm."""


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """Something that parses.

    :ivar run: gets an input; raises `Finding` where what comes out is wrong
    :ivar seeds: inputs to begin with, good ones and nearly good ones
    :ivar allowed: the errors that are the module's own
    """

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    allowed: tuple[type[Exception], ...] = (exception.ReposyncError,)


def check(target: Target, data: bytes) -> None:
    """Give an input to a target.

    :raises Finding: it takes too much, or its error is no text to show
    :raises Exception: whatever nobody has foreseen
    """
    begun, before = time.process_time(), _peak()
    try:
        target.run(data)
    except target.allowed as error:
        check_text(str(error))
    seconds, grown = time.process_time() - begun, _peak() - before
    if len(data) > LONGEST_INPUT:
        return
    if seconds > SECONDS:
        raise Finding(f"it takes {seconds:.1f} s")
    if grown > MEMORY:
        raise Finding(f"it takes {grown // _KIB // _KIB} MiB")


def check_text(text: str) -> None:
    """Look whether a text may be shown and written to a log."""
    require(isinstance(text, str), "a text is none")
    require(text.isprintable(), "a text is not printable", text)
    require(len(text) <= LONGEST_TEXT, "a text is too long", text)
    require(SECRET not in text, "a text has a password", text)


def require(condition: object, what: str, value: object = "") -> None:
    """Raise a finding unless a condition holds."""
    if not condition:
        raise Finding(f"{what}: {str(value)[:200]!r}" if value else what)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
