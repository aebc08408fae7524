# SPDX-License-Identifier: Apache-2.0
"""Values as people read them; machines get them as they are."""

from collections.abc import Sequence
from typing import Any

from cliff import columns


class Bytes(columns.FormattableColumn[int | None]):
    """A number of bytes."""

    def human_readable(self) -> str:
        """Give it in a fitting unit."""
        return "" if self._value is None else size(self._value)


class Error(columns.FormattableColumn[dict[str, str] | None]):
    """An error of an operation."""

    def human_readable(self) -> str:
        """Give code and text."""
        if not self._value:
            return ""
        return f"{self._value['code']}: {self._value['message']}"


class Progress(columns.FormattableColumn[dict[str, Any] | None]):
    """How far an operation has come."""

    def human_readable(self) -> str:
        """Give phase and bytes."""
        value = self._value or {}
        parts = [value["phase"]] if value.get("phase") else []
        if value.get("bytes"):
            parts.append(share(value["bytes"], value.get("total")))
        return ", ".join(parts)


class Counts(columns.FormattableColumn[dict[str, int] | None]):
    """What became of the parts of a synchronisation."""

    def human_readable(self) -> str:
        """Give the numbers that are not zero."""
        return counts(self._value or {})


class Fields(columns.FormattableColumn[dict[str, Any] | None]):
    """A dictionary; a line for each field that is set."""

    def human_readable(self) -> str:
        """Give ``name=value`` lines."""
        return "\n".join(
            f"{name}={value}"
            for name, value in (self._value or {}).items()
            if value is not None
        )


def size(number: int) -> str:
    """Give a number of bytes in a fitting unit, such as ``60.2 MB``."""
    value, unit = float(number), "B"
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 999.95 or unit == "TB":
            break
        value /= 1000
    return f"{number} B" if unit == "B" else f"{value:.1f} {unit}"


def share(done: int, total: int | None) -> str:
    """Give a part of a number of bytes, such as ``60.2 of 99.0 MB``."""
    if not total:
        return size(done)
    first, whole = size(done), size(total)
    number, _, unit = first.partition(" ")
    return f"{number if whole.endswith(f' {unit}') else first} of {whole}"


def counts(found: dict[str, int]) -> str:
    """Give counts of a synchronisation, such as ``1 created, 2 failed``."""
    words = [
        f"{number} {word}"
        for word, number in found.items()
        if number and word != "total"
    ]
    return ", ".join(words) or "none"


def row(thing: Any, names: Sequence[str], shapes: dict[str, Any]) -> Any:
    """Give the attributes of a thing, each in its shape."""
    return tuple(
        shapes[name](getattr(thing, name))
        if name in shapes
        else getattr(thing, name)
        for name in names
    )


def titles(names: Sequence[str]) -> tuple[str, ...]:
    """Give the titles of columns, such as ``Image ID`` for ``image_id``."""
    return tuple(
        " ".join(
            "ID" if word == "id" else word.capitalize()
            for word in name.split("_")
        )
        for name in names
    )
