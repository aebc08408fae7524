# SPDX-License-Identifier: Apache-2.0
r"""OpenNebula's text of templates, and what a value may hold in it.

The syntax is that of OpenNebula's scanner (``src/parsers/template_parser.l``
and ``template_syntax.y`` of github.com/OpenNebula/one): ``KEY="value"``,
where ``\"`` stands for a quote and nothing else is escaped.  From this follow
two things that no quoting can carry:

* A backslash at the end would turn the closing quote into a part of the
  value, which would then go on into the next attribute.
* ``]]>`` ends the CDATA section in which OpenNebula keeps the value, and the
  scanner gives up where it meets it.
"""

from collections.abc import Mapping
import re

from reposync import texts

_KEY = re.compile(r"[A-Z0-9_]+", re.ASCII)


def render(attributes: Mapping[str, str | None]) -> str:
    """Write a template; attributes without a value are left out.

    :raises ValueError: a key is not made of capitals, digits and ``_``
    """
    lines = []
    for key, value in attributes.items():
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no name of an attribute")
        if value:
            lines.append(f"{key}={quote(value)}\n")
    return "".join(lines)


def quote(value: str) -> str:
    """Quote a value so that it cannot end before its end."""
    return '"' + clean(value).replace('"', '\\"') + '"'


def clean(value: object) -> str:
    r"""Give what of a value a template can carry.

    >>> clean("a\n b]]>\\")
    'a b]] >'
    """
    # Databases of OpenNebula store three bytes a character, XML no controls.
    text = texts.basic(texts.line(str(value)))
    return text.replace("]]>", "]] >").rstrip("\\ ")
