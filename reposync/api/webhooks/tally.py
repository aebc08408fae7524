# SPDX-License-Identifier: Apache-2.0
"""Counts what becomes of webhooks.

The API may be any number of processes, so the numbers are the database's,
and conductors show them to Prometheus.  They are written now and then, not
with each event: a storm of webhooks must not wait for one row.
"""

from collections import Counter
import os
import threading

from oslo_log import log

from reposync import exception
from reposync.db.connection import session
from reposync.db.webhooks import tallies

LOG = log.getLogger(__name__)

#: Seconds between two times that they are written.
_PAUSE = 1.0
#: Seconds for the last time.
_FAREWELL = 5.0


class Tally:
    """Counts events by receiver and what became of them."""

    def __init__(self, db: session.Database, pause: float = _PAUSE):
        """Store where to write; the thread comes with the first event."""
        self._db = db
        self._pause = pause
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._some = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid: int | None = None

    def add(self, receiver: str, result: str) -> None:
        """Count one.

        :param receiver: empty for a name that none has
        :param result: ``accepted``, ``refused``, ``invalid`` or a reason
        """
        with self._lock:
            self._counts[receiver, result] += 1
            # WSGI servers fork after the application was made; threads stay
            # behind, so each process starts its own.
            if self._pid != os.getpid():
                self._pid = os.getpid()
                self._thread = threading.Thread(
                    target=self._run, name="tally", daemon=True
                )
                self._thread.start()
        self._some.set()

    def close(self) -> None:
        """Write the rest, and let the thread end."""
        self._closed.set()
        self._some.set()
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join(_FAREWELL)

    def write(self) -> None:
        """Add what was counted to the database's numbers.

        What cannot be written waits for the next event.
        """
        with self._lock:
            counts, self._counts = self._counts, Counter()
        try:
            tallies.add(self._db, counts)
        except exception.DatabaseUnavailable as error:
            LOG.debug("Webhooks are counted later: %s", error.message)
            with self._lock:
                self._counts.update(counts)

    def _run(self) -> None:
        closed = False
        while not closed:
            self._some.wait()
            self._some.clear()
            # Before it writes: what is counted until then is written.
            closed = self._closed.is_set()
            try:
                self.write()
            except Exception:
                LOG.exception("Webhooks cannot be counted")
            self._closed.wait(self._pause)
