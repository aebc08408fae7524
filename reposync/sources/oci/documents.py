# SPDX-License-Identifier: Apache-2.0
"""JSON that strangers wrote (RFC 8259)."""

import json
import math
from typing import Any
from typing import NoReturn

#: Python refuses many more by itself, in words for programmers.
_MOST_DIGITS = 1000
#: What Python can read, or write, depends on how deep its own stack is.
_DEEPEST = 100


def load(data: bytes) -> dict[str, Any]:
    """Read an object that may be understood in one way only.

    :raises ValueError: it is no JSON, no object, nested too deeply, names
        one key twice, or is not UTF-8
    """
    return _object(data.decode(), _once)


def load_leniently(data: bytes) -> dict[str, Any]:
    """Read an object as engines do: the last of two equal keys counts.

    :raises ValueError: it is no JSON, no object, or nested too deeply
    """
    return _object(data.decode(errors="replace"), dict)


def _object(text: str, pairs: Any) -> dict[str, Any]:
    try:
        value = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_constant=_refuse,
            parse_int=_whole,
            parse_float=_finite,
        )
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    if _is_deep(value):
        raise ValueError("it is nested too deeply")
    return value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [part for each in level for part in _containers(each)]
        if not level:
            return False
    return True


def _containers(value: Any) -> list[Any]:
    parts = value.values() if isinstance(value, dict) else value
    return [part for part in parts if isinstance(part, (dict, list))]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number has too many digits")
    return int(digits)


def _finite(digits: str) -> float:
    found = float(digits)
    if math.isinf(found):
        # Written once more, it would be no JSON.
        raise ValueError("a number is too great")
    return found


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")
