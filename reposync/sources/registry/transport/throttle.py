# SPDX-License-Identifier: Apache-2.0
"""Keeps one conductor within what a registry allows.

All threads share one governor for each host: how many requests are open, how
many are sent in a second, and a pause that the registry asked for.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import contextlib
import random
import threading
import time

from oslo_log import log

from reposync import context
from reposync import retry
from reposync.sources import errors
from reposync.sources import recent
from reposync.sources.registry.transport import rate_limits

LOG = log.getLogger(__name__)

_JITTER = 0.5
_MOST_KEPT = 1000


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
        self._refusals = 0
        self._counted = False
        self.budget: rate_limits.Budget | None = None

    @contextlib.contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one of the open requests.

        :raises ReposyncError: the work of this thread has to end
        """
        context.acquire(self._slots)
        try:
            yield
        finally:
            self._slots.release()

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
            if rest > retry.PATIENCE:
                raise errors.rate_limited(said, rest)
            context.sleep(rest + random.uniform(0, _JITTER))  # noqa: S311
        if turn > now:
            context.sleep(turn - now)

    def refuse(
        self, asked: float | None, said: str, *, counted: bool = False
    ) -> float:
        """Let all threads wait, since the host asks for it.

        :param asked: for how many seconds; None if it does not say
        :param said: the registry's own words
        :param counted: whether it refused what it counts as a pull
        :returns: for how many seconds
        """
        with self._lock:
            now = time.monotonic()
            if now >= self._until:
                # Those of the same moment, in other threads, are one.
                self._refusals += 1
                self._counted = counted
            seconds = self._pause(asked)
            until = now + seconds
            if until > self._until:
                self._until, self._said = until, said
        LOG.warning(
            "%s asks to wait for %.0f s: %s",
            self._host,
            seconds,
            errors.shorten(said),
        )
        return seconds

    def note(self, headers: Mapping[str, str]) -> None:
        """Keep what the headers of an answer say of the limit."""
        said = rate_limits.budget(headers)
        if said is None:
            return
        before, self.budget = self.budget, said
        if before is None or before.remaining != said.remaining:
            LOG.info("%s: %s", self._host, said)

    def served(self, *, counted: bool = False) -> None:
        """Note that the host has answered a request.

        What it does not count says nothing of what it does.
        """
        if counted or not self._counted:
            self._refusals = 0

    def spend(self) -> None:
        """Ask for a request that counts against the registry's limit.

        :raises RateLimited: the registry said lately that none is left, and
            that does not change in a moment
        """
        budget = self.budget
        if budget is None:
            return
        rest = budget.at + budget.pause - time.monotonic()
        if rest > retry.PATIENCE:
            raise errors.rate_limited(f"{self._host}: {budget}", rest)
        if rest > 0:
            context.sleep(rest)

    def _pause(self, asked: float | None) -> float:
        if asked is not None:
            return min(asked, retry.LONGEST_PAUSE)
        budget = self.budget
        if budget is not None and not budget.remaining:
            rest = budget.at + budget.pause - time.monotonic()
            if rest > 0:
                return rest
        return retry.limit_delay(max(1, self._refusals))


class Governors:
    """One for each host, made when it is first asked for.

    Those of hosts that nobody has asked for lately are forgotten.
    """

    def __init__(self, concurrency: int, rate: float):
        """Store the limits, the same for each."""
        self._limits = concurrency, rate
        self._governors: recent.Recent[str, Governor]
        self._governors = recent.Recent(_MOST_KEPT)

    def of(self, host: str) -> Governor:
        """Give the one of a host."""
        made = Governor(host, *self._limits)
        return self._governors.setdefault(host, made)

    def budgets(self) -> dict[str, rate_limits.Budget]:
        """Tell what registries said of their limits, by host."""
        return {
            host: each.budget
            for host, each in self._governors.items()
            if each.budget is not None
        }
