# SPDX-License-Identifier: Apache-2.0
"""Makes values of strangers fit into rows."""

from reposync import texts

_LARGEST = 2**63 - 1
_LONGEST = 4000


def number(value: int) -> int:
    """Bring a number into the range of a column: registries may lie."""
    return max(0, min(value, _LARGEST))


def text(value: str) -> str:
    """Drop what no database takes: NUL, for example, or half a character."""
    return texts.printable(value)[:_LONGEST]
