# SPDX-License-Identifier: Apache-2.0
"""Counts and hashes an archive on its way into a catalogue."""

from collections.abc import Iterable
from collections.abc import Iterator
import hashlib

#: Glance's own choice unless a site makes another.
DEFAULT = "sha512"


class Hashed:
    """Pieces that are counted and hashed as they pass.

    :ivar algorithm: name of the hash, as `hashlib` knows it
    :ivar size: bytes so far
    :ivar complete: whether all pieces have passed
    """

    def __init__(self, pieces: Iterable[bytes], algorithm: str = DEFAULT):
        """Begin with none."""
        self.algorithm = algorithm
        self._pieces = pieces
        self._hash = hashlib.new(algorithm, usedforsecurity=False)
        self.size = 0
        self.complete = False

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._hash.update(piece)
            self.size += len(piece)
            yield piece
        self.complete = True

    def hexdigest(self) -> str:
        """Give the hash of all pieces so far."""
        return self._hash.hexdigest()


def is_known(algorithm: str) -> bool:
    """Tell whether this Python has a hash of a name, of a fixed length."""
    try:
        found = hashlib.new(algorithm, usedforsecurity=False)
    except ValueError:
        return False
    # Those of any length (SHAKE) have nought here.
    return found.digest_size > 0
