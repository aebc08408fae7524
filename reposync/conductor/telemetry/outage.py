# SPDX-License-Identifier: Apache-2.0
"""Says that something is away, but not each time."""

import threading
import time

from oslo_log import log

LOG = log.getLogger(__name__)


class Outage:
    """Says once that something is away, and once that it is back."""

    def __init__(self, what: str):
        """Begin with all well.

        :param what: the beginning of the sentence that is logged
        """
        self._what = what
        self._lock = threading.Lock()
        self._away = False
        self._failed = 0.0

    def begun(self, error: Exception, reason: str = "") -> None:
        """Note a failure.

        :param reason: what to log instead of the error's own text
        """
        with self._lock:
            if not self._away:
                cause = type(error.__cause__ or error).__name__
                reason = reason or getattr(error, "reason", "")
                reason = reason or f"{error} ({cause})"
                LOG.error("%s is away: %s", self._what, reason)
            self._away = True
            self._failed = time.monotonic()

    def over(self, since: float) -> None:
        """Note a success.

        :param since: when the attempt began, on the monotonic clock; one that
            began before the last failure tells nothing
        """
        with self._lock:
            if self._away and since > self._failed:
                LOG.info("%s is back", self._what)
                self._away = False
