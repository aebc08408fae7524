# SPDX-License-Identifier: Apache-2.0
"""An archive that is read from somewhere else while it is stored."""

import abc
from collections.abc import Callable
from collections.abc import Iterator

from reposync import exception
from reposync.sources import base
from reposync.sources.archive import stall_guard


class StreamedArchive(abc.ABC):
    """Pieces of an archive, read once and under watch; see `base.Archive`.

    :ivar resolved: what is in it
    :ivar size: bytes, if known beforehand
    """

    def __init__(
        self,
        resolved: base.ResolvedImage,
        progress: base.Progress,
        silence: float,
    ):
        """Store what is needed to begin.

        :param silence: seconds without a piece that are too long
        """
        self.resolved = resolved
        self.size = resolved.size
        self._progress = progress
        self._silence = silence
        self._done = 0
        self._watched: stall_guard.Watched[bytes] | None = None

    @abc.abstractmethod
    def _pieces(self) -> Iterator[bytes]:
        """Give the pieces, by way of `watched`."""

    def __iter__(self) -> Iterator[bytes]:
        """See `base.Archive`."""
        if self._watched is not None:
            raise exception.ArchiveDamaged("An archive is read only once")
        self._tick()
        for piece in self._pieces():
            self._done += len(piece)
            self._tick()
            yield piece

    def watched(
        self, begin: Callable[[], Iterator[bytes]]
    ) -> stall_guard.Watched[bytes]:
        """Read what the other side sends in a thread of its own."""
        self._watched = stall_guard.Watched(begin, self._tick, self._silence)
        return self._watched

    def close(self) -> None:
        """Stop reading."""
        if self._watched is not None:
            self._watched.close()

    def _tick(self) -> None:
        self._progress("copying", self._done, self.size)
