# SPDX-License-Identifier: Apache-2.0
"""What a row is."""

from collections.abc import Callable
import dataclasses
import importlib
import pkgutil
from typing import Any

from tests.field import rows


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A behaviour that the service meets in the field.

    :ivar situation: what the other side does, in a sentence
    :ivar outcome: what the service does then, in a sentence
    :ivar run: plays it; is given the test, see `base.FieldTestCase`
    :ivar lab: whether it needs servers of the lab
    """

    name: str
    situation: str
    outcome: str
    run: Callable[[Any], None]
    lab: bool


def row(
    situation: str, outcome: str, *, lab: bool = False
) -> Callable[[Callable[[Any], None]], Row]:
    """Make a row of a function that plays it.

    Both texts must be literals: the documentation reads them from the source
    without importing it.
    """
    return lambda run: Row(run.__name__, situation, outcome, run, lab)


def collect(*, lab: bool) -> list[Row]:
    """List the rows that need the lab, or the others."""
    modules = [
        importlib.import_module(f"{rows.__name__}.{found.name}")
        for found in pkgutil.iter_modules(rows.__path__)
    ]
    return [
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, Row) and each.lab == lab
    ]
