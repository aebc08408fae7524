# SPDX-License-Identifier: Apache-2.0
"""The filter of image lists.

A name filter made of the characters of image names with the wildcards ``*``
(any run of characters) and ``?`` (one character) is a wildcard pattern;
anything else is a regular expression in RE2's syntax
(https://github.com/google/re2/wiki/Syntax).  Either must match the whole
name.  RE2 needs time linear in its input, whatever callers write.
"""

import dataclasses
import re
from typing import Any
from typing import Protocol

import re2

from reposync import exception
from reposync import texts

_WILDCARD = re.compile(r"[\w./:@?*-]*", re.ASCII)
_LIMIT = 255
_MEMORY = 1 << 20


class _Named(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def type(self) -> str: ...


@dataclasses.dataclass(frozen=True)
class ImageFilter:
    """Chooses images by name and type.

    :ivar name: wildcard pattern or regular expression, None for any name
    :ivar type: ``docker``, ``vm`` or None for both
    :raises InvalidFilter: if the name is not a valid pattern
    """

    name: str | None = None
    type: str | None = None
    _compiled: Any = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the pattern, so that a bad one is refused at once."""
        compiled = compile_pattern(self.name) if self.name else None
        object.__setattr__(self, "_compiled", compiled)

    def matches(self, image: _Named) -> bool:
        """Tell whether an image is among the chosen ones."""
        if self.type and image.type != self.type:
            return False
        compiled = self._compiled
        # RE2 takes no halves of characters, which a catalogue may have.
        name = texts.printable(image.name)
        return compiled is None or bool(compiled.fullmatch(name))


def compile_pattern(pattern: str) -> Any:
    """Compile a name filter for ``fullmatch``.

    :raises InvalidFilter: if it is neither a wildcard pattern nor a
        regular expression, or longer than 255 characters
    """
    if len(pattern) > _LIMIT:
        raise exception.InvalidFilter(
            f"The filter is longer than {_LIMIT} characters"
        )
    if _WILDCARD.fullmatch(pattern):
        pattern = "".join(
            {"*": ".*", "?": "."}.get(char) or re2.escape(char)
            for char in pattern
        )
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(pattern, options)
    except UnicodeError as error:
        raise exception.InvalidFilter(
            "The filter has half a character in it"
        ) from error
    except re2.error as error:
        raise exception.InvalidFilter(
            f"The filter is no regular expression: {_text(error)}. "
            "Use * and ? as wildcards, or the syntax of RE2"
        ) from error


def _text(error: Exception) -> str:
    detail = error.args[0] if error.args else ""
    return detail.decode() if isinstance(detail, bytes) else str(detail)
