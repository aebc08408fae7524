# SPDX-License-Identifier: Apache-2.0
"""Writes the rows as tables of the documentation.

It reads their source and imports nothing: the documentation is built without
what the tests need.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

_ROWS = Path(__file__).parent / "rows"


def text() -> str:
    """Give all tables, a section for each module of rows."""
    return "\n".join(
        line
        for path in sorted(_ROWS.glob("*.py"))
        for line in _section(ast.parse(path.read_text(encoding="utf-8")))
    )


def _section(module: ast.Module) -> Iterator[str]:
    rows = list(_rows(module))
    if not rows:
        return
    [title, *_] = (ast.get_docstring(module) or "").splitlines()
    title = title.removesuffix(".")
    yield from (title, "=" * len(title), "")
    yield from (".. list-table::", "   :header-rows: 1", "   :widths: 50 50")
    yield from ("", "   * - What was tried", "     - What happens")
    for situation, outcome in rows:
        yield from (f"   * - {situation}", f"     - {outcome}")
    yield ""


def _rows(module: ast.Module) -> Iterator[tuple[str, str]]:
    for node in module.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for found in node.decorator_list:
            if isinstance(found, ast.Call) and _name(found) == "row":
                situation, outcome = map(ast.literal_eval, found.args)
                yield situation, outcome


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""
