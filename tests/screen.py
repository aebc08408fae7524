# SPDX-License-Identifier: Apache-2.0
"""Draws what was seen on a terminal, as a picture that moves.

The picture is SVG with animations of SVG itself (SMIL,
https://www.w3.org/TR/SVG11/animate.html).  What cannot move shows its last
frame.
"""

from collections.abc import Sequence
import dataclasses
from pathlib import Path
from xml.sax import saxutils

_LINE, _COLUMN, _EDGE = 18, 8.4, 12
#: Seconds that the last frame stands before it all begins again.
_HOLD = 4.0
_STYLE = (
    "text{font:14px 'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#d8dee9}"
)


@dataclasses.dataclass(frozen=True)
class Frame:
    """What was seen from a moment on.

    :ivar at: seconds since the beginning
    """

    at: float
    text: str


def write(
    path: Path, frames: Sequence[Frame], width: int, height: int
) -> None:
    """Write the picture.

    :param width: of the terminal, in characters
    """
    rows = sorted({line for f in frames for line in f.text.splitlines()})
    ids = {line: f"r{n}" for n, line in enumerate(rows) if line.strip()}
    texts = "".join(
        f'<text id="{key}">{_text(line)}</text>\n' for line, key in ids.items()
    )
    w = round(width * _COLUMN + 2 * _EDGE)
    h = height * _LINE + 2 * _EDGE
    drawn = "".join(_frame(frames, n, ids) for n in range(len(frames)))
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" '
        f'width="{w}" height="{h}">\n<style>{_STYLE}</style>\n'
        f'<rect width="{w}" height="{h}" rx="6" fill="#1d2330"/>\n'
        f"<defs>\n{texts}</defs>\n{drawn}</svg>\n"
    )


def _text(line: str) -> str:
    # Ordinary spaces would be drawn as one.
    return saxutils.escape(line.replace(" ", "\u00a0"))


def _frame(frames: Sequence[Frame], number: int, ids: dict[str, str]) -> str:
    """Draw a frame, which is seen until the next one."""
    total = frames[-1].at + _HOLD
    is_last = number == len(frames) - 1
    begin = frames[number].at / total
    end = 1.0 if is_last else frames[number + 1].at / total
    uses = "".join(
        f'<use href="#{ids[line]}" x="{_EDGE}" '
        f'y="{_EDGE + _LINE * (place + 1) - 5}"/>'
        for place, line in enumerate(frames[number].text.splitlines())
        if line in ids
    )
    times, values = f"0;{begin:.4f};{end:.4f}", "none;inline;none"
    if number == 0:
        times, values = f"0;{end:.4f}", "inline;none"
    elif is_last:
        times, values = f"0;{begin:.4f}", "none;inline"
    shown = "inline" if is_last else "none"
    return (
        f'<g display="{shown}"><animate attributeName="display" '
        f'calcMode="discrete" dur="{total:.2f}s" repeatCount="indefinite" '
        f'keyTimes="{times}" values="{values}"/>{uses}</g>\n'
    )
