# SPDX-License-Identifier: Apache-2.0
"""The threads of a conductor: workers that claim, a heart that beats."""

import random
import secrets
import threading
import time

from oslo_config import cfg
from oslo_log import log

from reposync import context as reposync_context
from reposync import exception
from reposync.conductor import bell as conductor_bell
from reposync.conductor import job as conductor_job
from reposync.conductor import worker as conductor_worker
from reposync.conductor.telemetry import events as conductor_events
from reposync.conductor.telemetry import outage
from reposync.db.connection import session as db_session
from reposync.db.queue import leases
from reposync.db.queue import waiting

LOG = log.getLogger(__name__)

_CANDIDATES = 16
_BEAT = 1.0
#: Seconds for work to notice that it has to stop.
_PIECES = 6


class Manager:
    """Runs a bounded number of workers.

    :param owner: a name that no other start of any conductor has
    :param db: for work; a short outage is waited for
    :param quick_db: for looking and signs of life; gives up soon
    :param database: to say once for the whole conductor that it is away
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        owner: str,
        db: db_session.Database,
        quick_db: db_session.Database,
        worker: conductor_worker.Worker,
        bell: conductor_bell.Bell,
        database: outage.Outage | None = None,
        events: conductor_events.Events | None = None,
    ):
        """Store what to run; `start` runs it."""
        self._conf = conf.conductor
        self._owner = owner
        self._db = db
        self._quick_db = quick_db
        self._worker = worker
        self._bell = bell
        self._events = events or conductor_events.Events()
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        self._jobs: set[conductor_job.Job] = set()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._outage = database or outage.Outage("The database")
        # Which lane had its turn last.  None is favoured by restarts.
        self._lane = secrets.token_hex(16)

    def start(self) -> None:
        """Start all threads."""
        for number in range(self._conf.workers):
            self._spawn(f"worker-{number}", self._work)
        self._spawn("heart", self._beat)

    def stop(self, seconds: float) -> None:
        """Claim nothing more, wait for running work, hand back the rest.

        :param seconds: how long running work may take to end
        """
        self._stopping.set()
        self._bell.ring_all()
        deadline = time.monotonic() + seconds
        self._join(deadline)
        with self._lock:
            for job in self._jobs:
                job.stop(exception.StoppingService("The conductor stops"))
        # Time for the pieces in flight and the rows.
        self._join(time.monotonic() + _PIECES)
        self._hand_back()
        self._stopped.set()

    def _hand_back(self) -> None:
        """Give up what waits for a server that does not answer.

        Its thread ends with the process; until then it is fenced.
        """
        with self._lock:
            jobs = list(self._jobs)
        for job in jobs:
            try:
                leases.give_back(self._quick_db, job.lease, 0, count=False)
                LOG.info("Operation %s is given up", job.operation.id)
            except exception.LeaseLost:
                continue
            except exception.DatabaseUnavailable as error:
                self._outage.begun(error)

    def _spawn(self, name: str, target: object) -> None:
        thread = threading.Thread(target=target, name=name, daemon=True)  # type: ignore[arg-type]
        thread.start()
        if name != "heart":
            self._threads.append(thread)

    def _join(self, deadline: float) -> None:
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        owner = f"{self._owner}:{threading.current_thread().name}"
        while not self._stopping.is_set():
            reposync_context.leave()
            begun = time.monotonic()
            # Workers, of all conductors, shall not look at the same moment.
            jitter = random.uniform(0.8, 1.2)  # noqa: S311 (not a secret)
            pause = self._conf.poll_interval * jitter
            try:
                job = self._claim(owner)
                if job is None:
                    pause = waiting.seconds_to_next(self._quick_db, pause)
                self._outage.over(begun)
                if job is not None:
                    self._run(job)
                    continue
            except exception.DatabaseUnavailable as error:
                self._outage.begun(error)
            except exception.LeaseLost as error:
                LOG.warning("%s; left to the other one", error.message)
            except Exception:
                LOG.exception("A worker met an unexpected error; it goes on")
            self._bell.wait(pause)

    def _claim(self, owner: str) -> conductor_job.Job | None:
        found = leases.candidates(self._quick_db, _CANDIDATES, self._lane)
        for position, (operation_id, attempt) in enumerate(found):
            operation = leases.claim(
                self._quick_db, operation_id, attempt, owner, self._conf.lease
            )
            if operation is None:
                continue
            self._lane = operation.lane
            if position + 1 < len(found):
                self._bell.ring()
            return conductor_job.Job(
                operation,
                owner,
                self._conf.lease,
                self._conf.heartbeat,
                self._conf.max_age,
            )
        return None

    def _run(self, job: conductor_job.Job) -> None:
        reposync_context.enter(
            job.operation.id,
            request_id=job.operation.request_id,
            project_id=job.operation.project_id,
            user_id=job.operation.user_id,
            check=job.check,
        )
        with self._lock:
            self._jobs.add(job)
        try:
            self._worker.run(job)
        except exception.LeaseLost:
            self._events.tell("lost", job)
            raise
        finally:
            with self._lock:
                self._jobs.discard(job)
            self._events.tell("left", job)
        # Its parts, or the next one for the same image, may wait now.
        self._bell.ring_all()

    def _beat_one(self, job: conductor_job.Job) -> None:
        try:
            job.beat(self._quick_db)
        except exception.DatabaseUnavailable as error:
            self._outage.begun(error)
        except Exception:
            # It loses its lease, and nobody else's does.
            LOG.exception(
                "No sign of life of operation %s could be written",
                job.operation.id,
            )

    def _beat(self) -> None:
        settled = 0.0
        while not self._stopped.wait(_BEAT):
            begun = time.monotonic()
            try:
                with self._lock:
                    jobs = list(self._jobs)
                for job in jobs:
                    self._beat_one(job)
                if time.monotonic() > settled + self._conf.poll_interval:
                    self._events.settle(self._quick_db)
                    settled = time.monotonic()
                self._outage.over(begun)
            except exception.DatabaseUnavailable as error:
                self._outage.begun(error)
            except Exception:
                LOG.exception("The heart met an unexpected error; it goes on")
