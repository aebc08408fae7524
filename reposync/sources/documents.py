# SPDX-License-Identifier: Apache-2.0
"""JSON that strangers wrote (RFC 8259)."""

import json
from typing import Any
from typing import NoReturn

#: Python refuses many more by itself, in words for programmers.
_MOST_DIGITS = 1000


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
        )
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("a number has too many digits")
    return int(digits)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")
