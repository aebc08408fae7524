# SPDX-License-Identifier: Apache-2.0
"""Signs of life of a conductor, which the API's health tells of."""

from collections.abc import Callable
import threading
import time

from oslo_log import log

from reposync import exception
from reposync.conductor.telemetry import outage
from reposync.db import conductors
from reposync.db.connection import session as db_session

LOG = log.getLogger(__name__)


class Presence:
    """A thread that tells the database that this conductor is there.

    :param name: of this start of this conductor
    :param database: said once for the whole conductor
    """

    def __init__(
        self,
        db: db_session.Database,
        name: str,
        host: str,
        database: outage.Outage,
    ):
        """Store what to tell; `start` starts it."""
        self._db = db
        self._name, self._host = name, host
        self._outage = database
        self._lock = threading.Lock()
        self._problems: dict[str, str] = {}
        self._woken = threading.Event()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(
            target=self._run, name="presence", daemon=True
        )
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Say that the conductor has stopped, for so long at the most."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(seconds)

    def note(self, what: str, problem: str | None) -> None:
        """Note what the conductor lacks, or that it lacks it no more.

        :param what: the catalogue, or the source
        :param problem: a sentence that anybody may read
        """
        with self._lock:
            changed = self._problems.get(what) != problem
            if problem:
                self._problems[what] = problem
            else:
                self._problems.pop(what, None)
        if changed:
            self._woken.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._try(self._beat)
            self._woken.wait(conductors.INTERVAL)
            self._woken.clear()
        self._try(lambda: conductors.stop(self._db, self._name))

    def _beat(self) -> None:
        begun = time.monotonic()
        with self._lock:
            problems = dict(self._problems)
        conductors.beat(self._db, self._name, self._host, problems)
        self._outage.over(begun)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except exception.DatabaseUnavailable as error:
            self._outage.begun(error)
        except Exception:
            LOG.exception("A sign of life could not be given")
