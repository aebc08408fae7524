# SPDX-License-Identifier: Apache-2.0
"""Prints what was measured."""

from collections.abc import Mapping
from collections.abc import Sequence
import statistics

Times = Mapping[str, Sequence[float]]


def median(times: Times, name: str) -> float:
    """Give the median of the rounds of one way, in seconds."""
    return statistics.median(times[name])


def figures(times: Times, ours: str, limit: str) -> dict[str, float]:
    """Give medians in seconds by ``<way>_s``, and ratios.

    :param ours: the way that is to be as fast as the limit
    :param limit: the way that nothing can be faster than
    """
    found = {f"{_word(name)}_s": median(times, name) for name in times}
    found[f"{_word(ours)}_over_limit"] = median(times, ours) / median(
        times, limit
    )
    for name in times:
        if name not in (ours, limit):
            ratio = median(times, name) / median(times, ours)
            found[f"{_word(name)}_over_{_word(ours)}"] = ratio
    return {name: round(value, 3) for name, value in found.items()}


def show(
    title: str, times: Times, base: str, notes: Mapping[str, str]
) -> None:
    """Print medians, spreads and ratios.

    :param base: the way the others are compared with
    :param notes: a remark to each way
    """
    print(f"\n{title}")
    line = "{:<26} {:>9} {:>17} {:>8}  {}".format
    print(line("way", "median s", "spread s", "ratio", "remark"))
    for name, values in times.items():
        spread = f"{min(values):.3f} - {max(values):.3f}"
        ratio = median(times, name) / median(times, base)
        print(
            line(
                name,
                f"{median(times, name):.3f}",
                spread,
                f"{ratio:.2f}",
                notes.get(name, ""),
            )
        )
    print(f"ratio: to '{base}'", flush=True)


def _word(name: str) -> str:
    return name.replace(" ", "_")
