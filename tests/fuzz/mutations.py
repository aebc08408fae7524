# SPDX-License-Identifier: Apache-2.0
"""Changes an input where it counts: a part of a JSON document, or a word.

libFuzzer's own changes are of bytes, and break documents at once.
"""

from collections.abc import Callable
from collections.abc import Sequence
import json
import random

from tests.fixtures import junk
from tests.fuzz import message

_BYTEWISE = 0.3
_IN_HEAD = 0.2
#: Long inputs take long, and seldom reach what short ones do not.
_SHORT = 0.97
_USUAL = 1500
#: What Python raises where a document is too deep, or a number too great.
_NO_JSON = (OverflowError, RecursionError, ValueError)


def mutator(
    words: Sequence[str], bytewise: Callable[[bytes, int], bytes]
) -> Callable[[bytes, int, int], bytes]:
    """Make what changes inputs.

    :param words: that mean something to the target
    :param bytewise: what libFuzzer does
    """

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if chance.random() < _SHORT:
            longest = min(longest, max(len(data), _USUAL))
        if chance.random() < _BYTEWISE:
            return bytewise(data, longest)
        head, body = message.split(bytes(data))
        if head and (not body or chance.random() < _IN_HEAD):
            return (_text(chance, words, head) + body)[:longest]
        try:
            value = json.loads(body)
        except _NO_JSON:
            return (head + _text(chance, words, body))[:longest]
        try:
            changed = _document(chance, words, value)
            made = head + json.dumps(changed).encode()
        except _NO_JSON:
            return bytewise(data, longest)
        return made if len(made) <= longest else bytewise(data, longest)

    return mutate


def _document(chance, words, value):
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        path = chance.choice(list(junk.places(value)))
        value = _part(chance, words, value, path)
    return value


def _part(chance, words, value, path):
    part = junk.at(value, path)
    match chance.randrange(8):
        case 0 if path:
            return junk.replaced(value, path, ...)
        case 1:
            other = chance.choice(list(junk.places(value)))
            new = junk.at(value, other)
        case 2 if isinstance(part, str):
            new = _text(chance, words, part.encode("utf-8", "replace"))
            new = new.decode("utf-8", "replace")
        case 3 if isinstance(part, list) and part:
            new = part * chance.choice((2, 3, 50))
        case 4 if isinstance(part, dict):
            new = part | {chance.choice(words): chance.choice(junk.JUNK)}
        case 5:
            new = chance.choice(words)
        case 6 if isinstance(part, int | float):
            steps = (1, -1, 2**31, 2**53, 2**63, 2**64, 10**30, 0.5)
            new = part + chance.choice(steps)
        case 7 if chance.random() < 0.05:
            new = part
            for _ in range(chance.choice((50, 200, 900))):
                new = [new]
        case _:
            new = chance.choice(junk.JUNK)
    return junk.replaced(value, path, new)


def _text(chance, words, data: bytes) -> bytes:
    """Put a word, or a part of the text once more, somewhere."""
    begin, end = sorted(chance.randint(0, len(data)) for _ in range(2))
    match chance.randrange(6):
        case 0:
            new = data[begin:end] * chance.choice((2, 10, 1000))
        case 1:
            new = b""
        case 2:
            new = chance.choice(
                (b"\x00", b"\x1b[31m", b"\n", b"\xff", b"9" * 400)
            )
        case _:
            new = chance.choice(words).encode("utf-8", "replace")
    if chance.random() < 0.5:
        end = begin
    return data[:begin] + new + data[end:]
