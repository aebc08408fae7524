# SPDX-License-Identifier: Apache-2.0
"""Forgets operations that ended long ago, now and then."""

import random
import threading

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync.db.connection import session
from reposync.db.queue import retention

LOG = log.getLogger(__name__)

BATCH = 500
_SELDOM = 600.0


class Purger:
    """A thread that purges; all conductors of a deployment may have one."""

    def __init__(self, conf: cfg.ConfigOpts, db: session.Database):
        """Store what to purge; `start` begins."""
        self._conf = conf
        self._db = db
        self._stopping = threading.Event()
        self._woken = threading.Event()

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="purger", daemon=True).start()

    def stop(self) -> None:
        """End after the batch in hand."""
        self._stopping.set()
        self._woken.set()

    def wake(self) -> None:
        """Look at once: the options may have changed."""
        self._woken.set()

    def _run(self) -> None:
        while True:
            self._woken.wait(self._pause())
            self._woken.clear()
            if self._stopping.is_set():
                return
            try:
                self._purge()
            except exception.DatabaseUnavailable:
                # The workers log it; there is no hurry.
                LOG.debug("Nothing is purged while the database is away")
            except Exception:
                LOG.exception("Finished operations could not be purged")

    def _pause(self) -> float:
        # A tenth of the time they are kept: nobody sees the difference.
        kept = self._conf.conductor.retention
        pause = min(max(kept / 10, 1.0), _SELDOM) if kept else _SELDOM
        # Apart from those of other conductors.
        return pause * random.uniform(0.5, 1)  # noqa: S311 (not a secret)

    def _purge(self) -> None:
        purged = 0
        while not self._stopping.is_set():
            kept = self._conf.conductor.retention
            done = retention.purge(self._db, kept, BATCH) if kept else 0
            purged += done
            if done < BATCH:
                break
        if purged:
            LOG.info("%d operations that ended long ago are purged", purged)
