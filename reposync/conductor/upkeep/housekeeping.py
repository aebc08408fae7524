# SPDX-License-Identifier: Apache-2.0
"""The housekeeping of a conductor, in a thread of its own.

It hands back what dead conductors of this host held, sweeps up what attempts
left behind, and looks whether catalogue and source can be had.
"""

from collections.abc import Callable
import re
import threading
import time

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync import retry
from reposync.conductor.telemetry import outage
from reposync.conductor.upkeep import intents as conductor_traces
from reposync.conductor.upkeep import liveness as conductor_owner
from reposync.db.connection import session as db_session
from reposync.db.queue import leases

LOG = log.getLogger(__name__)

#: Where the words of another service begin, and what names one.
_DETAILS = re.compile(r": | \(")
_ADDRESS = re.compile(r"\S+://\S+|\S+:\d+\b")
#: Sweeps and looks come once in so many polls.
_SELDOM = 6


class Keeper:
    """Keeps house until it is stopped.

    :param owner: the name of this conductor
    :param checks: by the name of what they look at; raise if it is away
    :param database: said once for the whole conductor
    :param note: told what of these is away, and why; or that it is not
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        owner: str,
        db: db_session.Database,
        traces: conductor_traces.Traces,
        checks: dict[str, Callable[[], None]],
        database: outage.Outage,
        note: Callable[[str, str | None], None],
    ):
        """Store what to look after; `start` starts it."""
        self._conf = conf.conductor
        self._owner = owner
        self._db = db
        self._traces = traces
        self._checks = {
            what: (check, outage.Outage(what))
            for what, check in checks.items()
        }
        self._outage = database
        self._note = note
        self._stopped = threading.Event()

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="keeper", daemon=True).start()

    def stop(self) -> None:
        """Let the thread end."""
        self._stopped.set()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopped.is_set():
            begun = time.monotonic()
            try:
                self._reclaim()
                self._outage.over(begun)
                if time.monotonic() >= due:
                    due = time.monotonic() + self._conf.poll_interval * _SELDOM
                    self._look()
                    self._traces.sweep()
            except exception.DatabaseUnavailable as error:
                self._outage.begun(error)
            except Exception:
                LOG.exception("Housekeeping met an unexpected error")
            self._stopped.wait(self._conf.poll_interval)

    def _reclaim(self) -> None:
        host = conductor_owner.host_of(self._owner)
        for lease in leases.owned(self._db, host):
            if not conductor_owner.is_dead(lease.owner):
                continue
            delay = retry.takeover_delay(lease.attempt, self._conf.retry_delay)
            try:
                leases.give_back(self._db, lease, delay)
            except exception.LeaseLost:
                continue
            LOG.warning(
                "Operation %s was held by the dead process %s; it begins "
                "again in %d s",
                lease.operation_id,
                lease.owner,
                delay,
            )

    def _look(self) -> None:
        for what, (check, known) in self._checks.items():
            begun = time.monotonic()
            try:
                check()
                known.over(begun)
                self._note(what, None)
            except exception.ReposyncError as error:
                known.begun(error)
                self._note(what, _public(error.message))


def _public(message: str) -> str:
    """Leave out what somebody said, and addresses: all may read the rest."""
    return _ADDRESS.sub("…", _DETAILS.split(message)[0])
