# SPDX-License-Identifier: Apache-2.0
"""The list of what is mirrored.

The format is that of the seed, INDIGO-DataCloud's java-reposync: one
``name[:tag]`` a line.  Empty lines and what follows a ``#`` are skipped.
After the name may come settings for its images: ``source=NAME`` and
``delete=yes`` or ``delete=no``.

A name with ``*`` is a pattern (:func:`parse_line`).
"""

from collections.abc import Iterable
import dataclasses
import errno
import fnmatch
import functools
import os
from pathlib import Path
import re
import stat
import time

from reposync import exception
from reposync import reference as ref
from reposync import texts

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
        """Tell whether it stands for names that others have to tell."""
        return "*" in self.name or "*" in (self.tag or "")

    @property
    def short_name(self) -> str:
        """The name as short as it can be written in the list."""
        short = ref.short_name(self.name)
        return self.name if short.startswith("*") else short

    def allows(self, reference: ref.Reference) -> bool:
        """Tell whether a webhook or a caller may ask for this name.

        A name without a tag stands for all that the line allows.
        """
        return _match_name(self.name, reference.canonical_name) and (
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
            if stat.S_ISFIFO(found.st_mode):
                # To open one would wait for whoever writes.
                raise OSError(errno.EINVAL, "It is a pipe and no file")
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
            text = _COMMENT.sub("", texts.printable(line)).strip()
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
        """Tell whether a webhook or a caller may ask for this name."""
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

    A star stands for any characters: in the host of a registry for those of
    a host, after it for directories, too.  ``*`` alone is every name, and
    ``docker.io/*`` every one of Docker Hub; a name without a directory is an
    official image, with or without a star.

    :raises InvalidReference: it is no name, or may be meant in two ways
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
    name, colon, tag = text.rpartition(":")
    if not colon or "/" in tag:
        name, tag = text, ""
    return Repository(_pattern(re.sub(r"\*+", "*", name)), tag or None)


def _pattern(name: str) -> str:
    """Put in what is left out in the pattern of a name.

    :raises InvalidReference: it may be meant in two ways
    """
    if name == "*":
        return name
    head, slash, rest = name.partition("/")
    if not slash or not ref.is_host(head):
        if head.startswith("*"):
            raise exception.InvalidReference(
                f"{name!r} does not say of which registry. Write it in full, "
                f"such as {ref.DOCKER_HUB}/{name} or "
                f"registry.example.org/{name}"
            )
        head, rest = ref.DOCKER_HUB, name
    elif "*" not in head:
        head = ref.Reference.parse(f"{head}/x").registry
    else:
        head = _host_pattern(head)
    if head == ref.DOCKER_HUB and "/" not in rest and rest != "*":
        rest = f"library/{rest}"
    return f"{head}/{rest}"


def _host_pattern(host: str) -> str:
    """Give the pattern of a registry's host as names have it.

    :raises InvalidReference: it is meant for hosts that no name has
    """
    if ref.is_host(host.lower()):
        host = host.lower()
    aliases = [alias for alias in ref.HUB_ALIASES if _match(host, alias)]
    if aliases and not _match(host, ref.DOCKER_HUB):
        raise exception.InvalidReference(
            f"The host {host!r} stands for {aliases[0]}, among others, which "
            f"is called {ref.DOCKER_HUB} in names. Write that"
        )
    return host


def _match_name(pattern: str, name: str) -> bool:
    if "*" not in pattern:
        return pattern == name
    if pattern == "*":
        return True
    # Each part for itself: no directory shall pass for a host.
    parts = zip(pattern.split("/", 1), name.split("/", 1), strict=True)
    return all(_match(part, text) for part, text in parts)


def _match(pattern: str, text: str) -> bool:
    return fnmatch.fnmatchcase(text, re.sub(r"([\[?])", r"[\1]", pattern))
