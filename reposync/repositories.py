# SPDX-License-Identifier: Apache-2.0
"""The list of what is mirrored.

The format is that of the seed, INDIGO-DataCloud's java-reposync: one
``name[:tag]`` a line.  Empty lines and what follows a ``#`` are skipped.
After the name may come settings for its images: ``source=NAME`` and
``delete=yes`` or ``delete=no``.
"""

from collections.abc import Iterable
import dataclasses
import fnmatch
import functools
import os
from pathlib import Path
import re
import time

from reposync import exception
from reposync import reference as ref

#: Nanoseconds after which a change can no longer hide behind an earlier one
#: of the same time: clocks of file systems tick as coarsely as this.
_SETTLED = 2_000_000_000
_SETTINGS = "[source=NAME] [delete=yes|no]"
_COMMENT = re.compile(r"(^|\s)#.*")


@dataclasses.dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be understood.

    :ivar number: counted from 1
    :ivar text: the line without its comment
    :ivar reason: why, in a sentence for the operator
    """

    number: int
    text: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Repository:
    """A line of the list.

    :ivar name: registry and repository, nothing left out; may hold ``*``
    :ivar tag: None where the line names none; may hold ``*``
    :ivar source: where its images are read from; None for the usual source
    :ivar delete: whether a webhook may have its images deleted; None where
        the line does not say
    """

    name: str
    tag: str | None
    source: str | None = None
    delete: bool | None = None

    @property
    def is_pattern(self) -> bool:
        """Tell whether it stands for names that only a webhook can tell."""
        return "*" in self.name or "*" in (self.tag or "")

    def allows(self, reference: ref.Reference) -> bool:
        """Tell whether a webhook may ask for this name.

        A name without a tag stands for all that the line allows.
        """
        return _match(self.name, reference.canonical_name) and (
            self.tag is None
            or reference.tag is None
            or _match(self.tag, reference.tag)
        )


@dataclasses.dataclass(frozen=True, slots=True)
class RepositoryList:
    """The list, with what could not be understood."""

    entries: tuple[Repository, ...] = ()
    bad_lines: tuple[BadLine, ...] = ()

    @classmethod
    def load(cls, path: str | Path) -> "RepositoryList":
        """Read the file; one that is as it was is not read again.

        :raises RepositoriesUnreadable: the file cannot be read
        """
        try:
            found = os.stat(path)
            if time.time_ns() - found.st_ctime_ns < _SETTLED:
                return cls._read(str(path))
            return cls._kept(
                str(path),
                found.st_dev,
                found.st_ino,
                found.st_size,
                found.st_mtime_ns,
                found.st_ctime_ns,
            )
        except OSError as error:
            raise exception.RepositoriesUnreadable(
                f"The list of repositories {path} cannot be read: "
                f"{error.strerror}. Set [repositories] file"
            ) from error

    @classmethod
    @functools.lru_cache(maxsize=4)
    def _kept(cls, path: str, *_: int) -> "RepositoryList":
        return cls._read(path)

    @classmethod
    def _read(cls, path: str) -> "RepositoryList":
        text = Path(path).read_text(encoding="utf-8", errors="replace")
        return cls.parse(text.splitlines())

    @classmethod
    def parse(cls, lines: Iterable[str]) -> "RepositoryList":
        """Read lines; the ones that are no names are kept as bad lines."""
        entries: dict[Repository, None] = {}
        bad_lines = []
        for number, line in enumerate(lines, start=1):
            # What is not printable means something to logs and databases.
            line = "".join(c if c.isprintable() else " " for c in line)
            text = _COMMENT.sub("", line).strip()
            if not text:
                continue
            try:
                entries[_parse_entry(text)] = None
            except exception.InvalidReference as error:
                bad_lines.append(BadLine(number, text, error.message))
        return cls(tuple(entries), tuple(bad_lines))

    def references(self) -> list[ref.Reference]:
        """List the names a synchronisation copies, each once, in order."""
        names = {
            ref.Reference.parse(entry.name, entry.tag or ref.DEFAULT_TAG): None
            for entry in self.entries
            if not entry.is_pattern
        }
        return list(names)

    def allows(self, reference: ref.Reference) -> bool:
        """Tell whether a webhook may ask for this name."""
        return any(entry.allows(reference) for entry in self.entries)

    def source_of(self, reference: ref.Reference) -> str | None:
        """Find the source of an image: the first line that names one."""
        for entry in self.entries:
            if entry.source and entry.allows(reference):
                return entry.source
        return None

    def may_delete(self, reference: ref.Reference) -> bool:
        """Tell whether a webhook may have an image deleted.

        The first line that says counts; where none does, it may not.  For a
        name without a tag one line that allows it is enough.
        """
        said = [
            entry.delete
            for entry in self.entries
            if entry.delete is not None and entry.allows(reference)
        ]
        return any(said if reference.tag is None else said[:1])


def _parse_entry(text: str) -> Repository:
    """Read a line: a name and settings."""
    name, *settings = text.split()
    entry = parse_line(name)
    for setting in settings:
        match setting.partition("="):
            case ["source", "=", value] if value:
                entry = dataclasses.replace(entry, source=value)
            case ["delete", "=", "yes" | "no" as value]:
                entry = dataclasses.replace(entry, delete=value == "yes")
            case _:
                raise exception.InvalidReference(
                    f"{setting[:80]!r} is no setting of a repository. "
                    f"Expected name[:tag] {_SETTINGS}"
                )
    return entry


def parse_line(text: str) -> Repository:
    """Read ``name[:tag]``, either of which may hold ``*``.

    :raises InvalidReference: it is no name
    """
    # A pattern follows the grammar of names once each star is a letter.
    reference = ref.Reference.parse(text.replace("*", "x"))
    if reference.digest:
        raise exception.InvalidReference(
            f"{text!r} names a digest, which never changes; name a tag"
        )
    if "*" not in text:
        has_tag = text.endswith(f":{reference.tag}")
        return Repository(
            reference.canonical_name, reference.tag if has_tag else None
        )
    return _parse_pattern(text)


def _parse_pattern(text: str) -> Repository:
    name, colon, tag = text.rpartition(":")
    if not colon or "/" in tag:
        name, tag = text, ""
    probe = ref.Reference.parse(name.replace("*", "x"))
    shown = name.replace("*", "x")
    prefix = probe.canonical_name.removesuffix(shown)
    return Repository(prefix + name, tag or None)


def _match(pattern: str, text: str) -> bool:
    return fnmatch.fnmatchcase(text, re.sub(r"([\[?])", r"[\1]", pattern))
