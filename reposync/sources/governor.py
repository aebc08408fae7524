# SPDX-License-Identifier: Apache-2.0
"""Keeps one conductor within what a registry allows.

All threads share one governor for each host: how many requests are open, how
many are sent in a second, and a pause that the registry asked for.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import contextlib
import dataclasses
import random
import re
import threading
import time

from oslo_log import log

from reposync.sources import errors

LOG = log.getLogger(__name__)

#: Shorter pauses are sat out; for longer ones the operation goes back.
PATIENCE = 5.0
#: Where a registry names no time.  Docker Hub counts pulls of the last six
#: hours: a slot comes free any time.
PAUSE = 15 * 60.0
_JITTER = 0.5


@dataclasses.dataclass(frozen=True, slots=True)
class Budget:
    """What a registry said of its own limit last.

    ``RateLimit-Limit`` and ``RateLimit-Remaining`` as Docker Hub sends them
    (https://docs.docker.com/docker-hub/usage/pulls/): ``100;w=21600``.

    :ivar limit: pulls allowed in a window
    :ivar remaining: of these
    :ivar window: seconds
    :ivar at: when it was said, on the monotonic clock
    """

    limit: int | None
    remaining: int
    window: int | None
    at: float

    def __str__(self) -> str:
        """Give it in words."""
        limit = f" of {self.limit}" if self.limit is not None else ""
        window = f" in {self.window} s" if self.window else ""
        return f"{self.remaining}{limit} pulls left{window}"


class Governor:
    """Limits of one host.

    :param host: for the log
    :param concurrency: open requests
    :param rate: requests a second; 0 for no limit
    """

    def __init__(self, host: str, concurrency: int, rate: float):
        """Begin with nothing known."""
        self._host = host
        self._slots = threading.BoundedSemaphore(concurrency)
        self._gap = 1 / rate if rate else 0.0
        self._lock = threading.Lock()
        self._next = 0.0
        self._until = 0.0
        self._said = ""
        self.budget: Budget | None = None

    @contextlib.contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one of the open requests."""
        with self._slots:
            yield

    def enter_free(self) -> bool:
        """Take one of the open requests if that needs no waiting."""
        return self._slots.acquire(blocking=False)

    def leave(self) -> None:
        """Give back what `enter_free` took."""
        self._slots.release()

    def wait_turn(self) -> None:
        """Wait until a request may be sent.

        :raises RateLimited: that would take too long
        """
        while True:
            now = time.monotonic()
            with self._lock:
                rest = self._until - now
                if rest <= 0:
                    turn = max(self._next, now)
                    self._next = turn + self._gap
                    break
                said = self._said
            if rest > PATIENCE:
                raise errors.rate_limited(said, rest)
            time.sleep(rest + random.uniform(0, _JITTER))  # noqa: S311
        if turn > now:
            time.sleep(turn - now)

    def pause(self, seconds: float, said: str) -> None:
        """Let all threads wait.

        :param said: the registry's own words
        """
        until = time.monotonic() + seconds
        with self._lock:
            if until > self._until:
                self._until, self._said = until, said
        LOG.warning(
            "%s asks to wait for %.0f s: %s",
            self._host,
            seconds,
            errors.shorten(said),
        )

    def note(self, headers: Mapping[str, str]) -> None:
        """Keep what the headers of an answer say of the limit."""
        remaining = _number(headers.get("ratelimit-remaining"))
        if remaining is None:
            return
        text = headers.get("ratelimit-limit") or ""
        window = re.search(r";\s*w=(\d+)", text)
        before = self.budget
        self.budget = Budget(
            _number(text),
            remaining,
            int(window[1]) if window else None,
            time.monotonic(),
        )
        if before is None or before.remaining != remaining:
            LOG.info("%s: %s", self._host, self.budget)

    def spend(self) -> None:
        """Ask for a request that counts against the registry's limit.

        :raises RateLimited: the registry said lately that none is left
        """
        budget = self.budget
        if budget is None or budget.remaining > 0:
            return
        rest = budget.at + PAUSE - time.monotonic()
        if rest > 0:
            raise errors.rate_limited(str(budget), rest)


class Governors:
    """One for each host, made when it is first asked for."""

    def __init__(self, concurrency: int, rate: float):
        """Store the limits, the same for each."""
        self._limits = concurrency, rate
        self._lock = threading.Lock()
        self._governors: dict[str, Governor] = {}

    def of(self, host: str) -> Governor:
        """Give the one of a host."""
        with self._lock:
            if host not in self._governors:
                self._governors[host] = Governor(host, *self._limits)
            return self._governors[host]

    def budgets(self) -> dict[str, Budget]:
        """Tell what registries said of their limits, by host."""
        with self._lock:
            return {
                host: each.budget
                for host, each in self._governors.items()
                if each.budget is not None
            }


def _number(text: str | None) -> int | None:
    found = re.match(r"\s*(\d+)", text or "")
    return int(found[1]) if found else None
