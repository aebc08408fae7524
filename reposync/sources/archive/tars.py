# SPDX-License-Identifier: Apache-2.0
"""Reads the members of tars as they come, and trusts none of their headers.

The standard library believes them: a header may announce a name of many
gigabytes, a file of zeros that never ends, or headers for headers.
"""

from collections.abc import Iterator
import tarfile
from typing import Any

from reposync import exception

#: Bytes of a header that goes on in a member of its own, such as a long name.
_LONGEST_EXTENSION = 1024 * 1024
_EXTENSIONS = frozenset(
    {
        tarfile.GNUTYPE_LONGLINK,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.XHDTYPE,
    }
)
#: What the library raises where a header is not as it expects.
_BROKEN = (
    ArithmeticError,
    LookupError,
    RecursionError,
    tarfile.TarError,
    ValueError,
)

Pair = tuple[tarfile.TarFile, tarfile.TarInfo]


class Members:
    """The members of a tar that is read once, from its begin.

    :param file: has ``read``
    :param size: bytes that are read at a time
    :ivar end: where the last member ends, once all were read
    """

    def __init__(self, file: Any, size: int):
        """Store what to read."""
        self._file = file
        self._size = size
        self.end = 0

    def __iter__(self) -> Iterator[Pair]:
        """Give the members, each with what reads it.

        :raises ArchiveDamaged: it is no tar, or cut short
        """
        try:
            with tarfile.open(
                fileobj=self._file,
                mode="r|",
                bufsize=self._size,
                tarinfo=_Member,
            ) as tar:
                for member in tar:
                    _check(member)
                    yield tar, member
                    # Or it would remember all members of the archive.
                    tar.members = []  # type: ignore[attr-defined]
                self.end = tar.offset
        except _BROKEN as error:
            raise _damaged(error) from error


def content(
    tar: tarfile.TarFile, member: tarfile.TarInfo, size: int
) -> Iterator[bytes]:
    """Read a regular file piece by piece.

    :raises ArchiveDamaged: it is cut short
    """
    file = tar.extractfile(member)
    assert file is not None  # noqa: S101 (it is a regular file)
    while True:
        try:
            piece = file.read(size)
        except _BROKEN as error:
            raise _damaged(error) from error
        if not piece:
            return
        yield piece


class _Member(tarfile.TarInfo):
    """A member whose header is looked at before what follows it is read."""

    @classmethod
    def frombuf(
        cls, buf: bytes | bytearray, encoding: str, errors: str
    ) -> "_Member":
        found = super().frombuf(buf, encoding, errors)
        _check(found)
        if found.type in _EXTENSIONS and found.size > _LONGEST_EXTENSION:
            raise tarfile.ReadError("a header is too long")
        return found


def _check(member: tarfile.TarInfo) -> None:
    if member.size < 0:
        raise tarfile.ReadError("a member has a negative size")
    if member.type == tarfile.GNUTYPE_SPARSE or member.issparse():
        # It may unpack to any number of zeros.
        raise tarfile.ReadError("a member is a file with holes")


def _damaged(error: Exception) -> exception.ArchiveDamaged:
    return exception.ArchiveDamaged(
        f"The archive is cut short or no tar: {error}"
    )
