# SPDX-License-Identifier: Apache-2.0
r"""Names of images: what OpenNebula takes, and no two images alike.

Releases 5.12 to 6.10 refuse ``& | : \ " ; / ' # { } $ < >`` in a name, later
ones tabs and line breaks as well, and all of them more than 128 bytes
(``INVALID_NAME_CHARS`` in ``src/pool/PoolObjectSQL.cc``).  So a part of a
reference is spelt with ``/`` as ``_``, ``_`` as ``__`` and ``:`` as ``@``,
from which it can be read back.  Where the whole name could be read back as
another image's, or is too long, a hash keeps it apart, after a ``~`` that no
other name has.
"""

from collections.abc import Collection
import hashlib
import re
import string

from reposync import exception
from reposync import reference as ref
from reposync import texts
from reposync.drivers.opennebula.xmlrpc import template

FORBIDDEN = frozenset("&|:\\\";/'#{}$<>\t\n\v\f\r")
#: Bytes.
LONGEST = 128
_HASH = 16
_FIELDS = ("name", "repository", "registry", "tag")
#: Only these may hold a slash.
_LONG = ("name", "repository")
_LITERAL = str.maketrans(dict.fromkeys(FORBIDDEN, "_") | {":": "@", "~": "_"})
#: How names end while an image is not current.
_SUFFIX = re.compile(r"\.(?:new|old)-[0-9a-f]+")


class Names:
    """Gives the names under which users find images.

    :param pattern: see the option ``name_template``
    :raises CatalogueUnsuitable: it cannot be read
    """

    def __init__(self, pattern: str):
        """Read the pattern."""
        self._pattern = pattern
        try:
            parts = list(string.Formatter().parse(pattern))
        except ValueError as error:
            raise _unreadable(pattern, str(error)) from error
        #: text before a field, and the field; None after the last one
        self._parts: list[tuple[str, str | None]] = []
        text = ""
        for more, field, spec, conversion in parts:
            text += _literal(more)
            if field is None:
                # A brace, or the end.
                continue
            if field not in _FIELDS or spec or conversion:
                raise _unreadable(pattern, f"{{{field}}} is unknown")
            self._parts.append((text, field))
            text = ""
        self._fields = [field for _, field in self._parts if field]
        self._parts.append((text, None))
        if not self._fields:
            raise _unreadable(pattern, "it has no {tag}")

    def plain(self, reference: ref.Reference) -> str:
        """Give the name of an image.

        Two images have different ones if the pattern has all parts of a
        reference.
        """
        name = self._spelt(reference)
        if len(name.encode()) > LONGEST or not self._is_certain(
            name, reference
        ):
            return self.hashed(reference)
        return name

    def hashed(self, reference: ref.Reference) -> str:
        """Give a name that no other image has, whatever the pattern."""
        key = f"{reference.name}:{reference.tag}"
        digest = hashlib.sha256(key.encode()).hexdigest()[:_HASH]
        return f"{_cut(self._spelt(reference), LONGEST - _HASH - 1)}~{digest}"

    def held(
        self, reference: ref.Reference, names: Collection[str]
    ) -> str | None:
        """Find the name that an image has, among those of this release."""
        wanted = self.plain(reference), self.hashed(reference)
        for name in (*wanted, self.former(reference)):
            if name in names and not FORBIDDEN & set(name):
                return name
        return None

    def former(self, reference: ref.Reference) -> str:
        """Give the name that an image got from earlier releases."""
        name = self._pattern.format(**_values(reference)).replace("/", "_")
        name = template.clean(name)
        if len(name) > LONGEST:
            digest = hashlib.sha256(name.encode()).hexdigest()[:12]
            name = f"{name[: LONGEST - 13]}-{digest}"
        return name

    def _spelt(self, reference: ref.Reference) -> str:
        values = _values(reference)
        return template.clean(
            "".join(
                text + (_spell(values[field]) if field else "")
                for text, field in self._parts
            )
        )

    def _is_certain(self, name: str, reference: ref.Reference) -> bool:
        """Tell whether a name can be read back in one way only.

        What stands before the first field and after the last one is always
        the same.  One field may hold anything.  It is found between the
        others if those hold nothing of what separates fields.
        """
        separators = [text for text, _ in self._parts[1:-1]]
        if (
            "" in separators
            or sum(field in _LONG for field in self._fields) > 1
            or _SUFFIX.search(name)
        ):
            return False
        values = _values(reference)
        used = {char for text in separators for char in text}
        for place, field in enumerate(self._fields):
            if field in _LONG:
                continue
            # Underscores come in pairs, so an odd run at either end has the
            # separator in it.
            ends = place in (0, len(self._fields) - 1)
            allowed = {"_"} if ends and set(separators) == {"_"} else set()
            if used & set(_spell(values[field])) - allowed:
                return False
        return True


def new(name: str, token: str) -> str:
    """Give the name of an image that is not current yet."""
    return _fitting(name, f".new-{token}")


def old(name: str, image_id: int) -> str:
    """Give the name of an image that is current no longer."""
    return _fitting(name, f".old-{image_id}")


def _fitting(name: str, suffix: str) -> str:
    room = LONGEST - len(suffix)
    if len(name.encode()) > room:
        digest = hashlib.sha256(name.encode()).hexdigest()[:12]
        name = f"{_cut(name, room - 13)}-{digest}"
    return name + suffix


def _cut(name: str, size: int) -> str:
    """Cut a name to a number of bytes, between two characters."""
    return name.encode()[:size].decode(errors="ignore").rstrip()


def _literal(text: str) -> str:
    text = text.translate(_LITERAL)
    return "".join(
        c if ord(c) < 0x10000 else " " for c in texts.printable(text)
    )


def _values(reference: ref.Reference) -> dict[str, str]:
    return {field: getattr(reference, field) or "" for field in _FIELDS}


def _spell(value: str) -> str:
    return value.replace("_", "__").replace("/", "_").replace(":", "@")


def _unreadable(pattern: str, why: str) -> exception.ReposyncError:
    return exception.CatalogueUnsuitable(
        f"name_template in [opennebula] is {pattern!r}: {why}. It may have "
        "{name}, {repository}, {registry} and {tag}"
    )
