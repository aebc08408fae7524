# SPDX-License-Identifier: Apache-2.0
"""Opens the next blob while the end of the one before is read."""

from collections.abc import Callable
from concurrent import futures
import contextlib
import functools
import threading

from oslo_log import log

from reposync import context
from reposync import exception
from reposync.sources.oci import manifests
from reposync.sources.registry import ranges
from reposync.sources.registry.transport import hosts
from reposync.sources.registry.transport import throttle

LOG = log.getLogger(__name__)

_Open = Callable[[manifests.Descriptor], ranges.Opened]


class Ahead:
    """One answer that waits for its turn, in the kernel's buffers only.

    What a registry needs to begin with a blob, redirects and logins
    included, is over when the blob is wanted.  `begin` and `take` belong to
    the thread that reads; `close` may be called from any thread.

    :param open_blob: sends the request for a whole blob
    :param slots: the registry's; without a free one nothing is opened
    """

    def __init__(self, open_blob: _Open, slots: throttle.Governor):
        """Begin with none."""
        self._open = open_blob
        self._slots = slots
        self._lock = threading.Lock()
        self._closed = False
        self._waiting: (
            tuple[manifests.Descriptor, futures.Future[ranges.Opened]] | None
        ) = None

    def begin(self, blob: manifests.Descriptor) -> None:
        """Open a blob in a thread of its own, unless one waits already."""
        with self._lock:
            if self._closed or self._waiting or not self._slots.enter_free():
                return
            future: futures.Future[ranges.Opened] = futures.Future()
            self._waiting = blob, future
        threading.Thread(
            target=context.carried(
                functools.partial(self._work, blob, future)
            ),
            daemon=True,
        ).start()

    def take(self, blob: manifests.Descriptor) -> ranges.Opened | None:
        """Give the answer if this blob was opened; its slot goes with it."""
        with self._lock:
            waiting, self._waiting = self._waiting, None
        if waiting is None:
            return None
        expected, future = waiting
        if expected.digest == blob.digest and not future.exception():
            return future.result()
        future.add_done_callback(self._throw_away)
        return None

    def close(self) -> None:
        """Let go of what nobody wants any more."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting[1].add_done_callback(self._throw_away)

    def _work(
        self,
        blob: manifests.Descriptor,
        future: "futures.Future[ranges.Opened]",
    ) -> None:
        try:
            future.set_result(self._open(blob))
        except Exception as error:  # noqa: BLE001 (who takes it waits for it)
            # The blob is asked for again in its turn; that error counts.
            future.set_exception(error)
            text = getattr(error, "message", type(error).__name__)
            LOG.debug("%s was not opened ahead: %s", blob.digest, text)

    def _throw_away(self, future: "futures.Future[ranges.Opened]") -> None:
        self._slots.leave()
        with contextlib.suppress(exception.ReposyncError, *hosts.BROKEN):
            future.result().close()
