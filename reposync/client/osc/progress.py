# SPDX-License-Identifier: Apache-2.0
"""Shows how operations go: on a terminal, in plain lines, or not at all."""

import collections
from collections.abc import Callable
from collections.abc import Sequence
import dataclasses
import datetime
import os
import shutil
import time
from typing import Any
from typing import TextIO

from reposync.client.osc import columns

_BAR = 10
#: Room for all of a row but the name, and the least for that.
_REST, _NAME = 71, 12
#: Seconds that a rate is the mean of.
_WINDOW = 5.0
#: ECMA-48: to the beginning of a line above, and erase all that follows.
_UP, _ERASE = "\x1b[{}F", "\x1b[J"


@dataclasses.dataclass(frozen=True)
class Row:
    """An operation that goes on.

    :ivar phase: what is done, or ``queued``
    :ivar done: bytes that were copied
    :ivar total: bytes there are; None if nobody knows
    :ivar rate: bytes a second; None until it is known
    :ivar retry: the next attempt, of one that failed before
    """

    name: str
    phase: str
    done: int = 0
    total: int | None = None
    rate: float | None = None
    retry: "Retry | None" = None


@dataclasses.dataclass(frozen=True)
class Retry:
    """The next attempt of an operation that waits after a failure.

    :ivar which: such as ``attempt 2 of 5``
    :ivar seconds: until it may begin, by the clocks of both hosts
    :ivar why: the last one failed
    """

    which: str
    seconds: int
    why: str

    def __str__(self) -> str:
        """Say all of it."""
        when = f"in {self.seconds} s" if self.seconds else "now"
        return f"{self.which} {when}: {self.why}"


class Meter:
    """Makes rows of operations, and remembers how fast they were.

    :param clock: gives seconds
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._seen: dict[tuple[str, str], collections.deque[Any]] = {}

    def row(self, operation: Any) -> Row:
        """Show an operation that goes on."""
        found = operation.progress or {}
        phase = found.get("phase") or operation.state
        done = found.get("bytes") or 0
        rate = self._rate((operation.id, phase), done)
        total = found.get("total")
        return Row(name(operation), phase, done, total, rate, retry(operation))

    def _rate(self, key: tuple[str, str], done: int) -> float | None:
        now = self._clock()
        seen = self._seen.setdefault(key, collections.deque())
        if seen and done < seen[-1][1]:
            seen.clear()  # a new attempt begins anew
        seen.append((now, done))
        while seen[-1][0] - seen[0][0] > _WINDOW and len(seen) > 2:
            seen.popleft()
        seconds = now - seen[0][0]
        return (done - seen[0][1]) / seconds if seconds > 0 else None


class View:
    """Shows nothing; the others are kinds of it."""

    silent = True

    def say(self, text: str) -> None:
        """Show a line that stays."""

    def draw(self, head: Sequence[str], rows: Sequence[Row]) -> None:
        """Show what goes on now, instead of what was shown before.

        :param head: a line for each synchronisation
        """

    def close(self) -> None:
        """Leave only the lines that stay."""


class Lines(View):
    """Plain lines, for logs: one when something changes."""

    silent = False

    def __init__(self, out: TextIO):
        """Store where the lines go."""
        self._out = out
        self._phases: dict[str, tuple[str, ...]] = {}
        self._head: Sequence[str] = ()

    def say(self, text: str) -> None:
        """Write a line."""
        print(text, file=self._out, flush=True)

    def draw(self, head: Sequence[str], rows: Sequence[Row]) -> None:
        """Write what was not so before."""
        for line in head:
            if line not in self._head:
                self.say(line)
        self._head = head
        for row in rows:
            # The seconds change all the time; the rest is news.
            retried = (row.retry.which, row.retry.why) if row.retry else ()
            news = (row.phase, *retried)
            if self._phases.get(row.name) != news:
                self._phases[row.name] = news
                self.say(f"{row.name}: {row.retry or row.phase}")


class Screen(View):
    """Rows that are drawn anew, on a terminal."""

    silent = False

    def __init__(self, out: TextIO):
        """Store the terminal."""
        self._out = out
        self._drawn = 0

    def say(self, text: str) -> None:
        """Write a line above the rows; they come again with ``draw``."""
        self._write([text])

    def draw(self, head: Sequence[str], rows: Sequence[Row]) -> None:
        """Draw head and rows, as many as there is room for."""
        width, height = shutil.get_terminal_size()
        room = max(height - len(head) - 2, 1)
        longest = max((len(row.name) for row in rows), default=0)
        wide = min(longest, max(width - _REST, _NAME))
        lines = [*head, *(line(row, wide) for row in rows[:room])]
        if len(rows) > room:
            lines.append(f"... and {len(rows) - room} more")
        self._write([text[: width - 1] for text in lines])
        self._drawn = len(lines)

    def close(self) -> None:
        """Erase the rows."""
        self._write([])

    def _write(self, lines: Sequence[str]) -> None:
        up = _UP.format(self._drawn) if self._drawn else ""
        text = "".join(f"{each}\n" for each in lines)
        self._out.write(f"{up}{_ERASE if up else ''}{text}")
        self._out.flush()
        self._drawn = 0


def view(out: TextIO, wanted: bool) -> View:
    """Choose how to show it.

    :param out: the stream of messages
    :param wanted: whether anybody wants to see anything
    """
    if not wanted:
        return View()
    if out.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        return Screen(out)
    return Lines(out)


def name(operation: Any) -> str:
    """Name an operation after its image."""
    return str(operation.reference or operation.image_id or operation.kind)


def retry(operation: Any, now: float | None = None) -> Retry | None:
    """Tell of the next attempt of an operation, if it waits for one.

    :param now: seconds since the epoch
    """
    if not operation.next_attempt_at or not operation.error:
        return None
    due = datetime.datetime.fromisoformat(operation.next_attempt_at)
    left = due.timestamp() - (time.time() if now is None else now)
    which = f"attempt {(operation.attempt or 0) + 1}"
    if operation.max_attempts:
        which = f"{which} of {operation.max_attempts}"
    why = columns.Error(operation.error).human_readable()
    return Retry(which, max(round(left), 0), why)


def line(row: Row, width: int) -> str:
    """Give a row of a terminal.

    :param width: of the name; of a longer one the end is shown
    """
    shown = row.name if len(row.name) <= width else f"…{row.name[1 - width :]}"
    parts = [f"{shown:<{width}}", f"{row.phase:<7}"]
    if row.retry:
        return f"{parts[0]} {row.retry}"
    if row.done and row.total:
        part = min(row.done / row.total, 1)
        bar = "#" * int(part * _BAR)
        parts += [f"[{bar:<{_BAR}}]", f"{part:>4.0%} "]
    parts += [_pace(row)] if row.done else []
    return " ".join(parts).rstrip()


def _pace(row: Row) -> str:
    """Give bytes, rate and the time that is left, as far as known."""
    text = columns.share(row.done, row.total)
    if row.rate:
        text = f"{text}, {columns.size(int(row.rate))}/s"
        if row.total:
            left = max(row.total - row.done, 0) / row.rate
            text = f"{text}, {_duration(left)} left"
    return text


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
