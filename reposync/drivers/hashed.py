# SPDX-License-Identifier: Apache-2.0
"""Counts and hashes an archive on its way into a catalogue."""

from collections.abc import Iterable
from collections.abc import Iterator
import hashlib


class Hashed:
    """Pieces that are counted and hashed as they pass.

    :ivar algorithm: name of the hash, Glance's default
    :ivar size: bytes so far
    """

    algorithm = "sha512"

    def __init__(self, pieces: Iterable[bytes]):
        """Begin with none."""
        self._pieces = pieces
        self._hash = hashlib.new(self.algorithm)
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._hash.update(piece)
            self.size += len(piece)
            yield piece

    def hexdigest(self) -> str:
        """Give the hash of all pieces so far."""
        return self._hash.hexdigest()
