# SPDX-License-Identifier: Apache-2.0
"""What strangers wrote, made fit for a line of a log, a row or a terminal.

Registries, engines, catalogues and callers write what they like: a line feed
that begins a line of the log, ESC that moves the cursor of whoever reads it,
marks that reverse the text, NUL, which PostgreSQL refuses, or half a
character.  All of them are what Unicode calls neither printable nor a blank.
"""

#: Characters of an error; what others have put into it may be longer.
LONGEST = 2000


def printable(text: str) -> str:
    r"""Put a blank in the place of what is not printable.

    >>> printable("a\nb\x1b[2J")
    'a b [2J'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " " for c in text)


def line(text: str) -> str:
    r"""Make one line, with a blank between two words.

    >>> line(" a\r\n b\0 ")
    'a b'
    """
    return " ".join(printable(text).split())


def cut(text: str, longest: int = LONGEST) -> str:
    """Leave out what is too much, and show that something is left out."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def basic(text: str) -> str:
    """Leave out what databases with three bytes a character cannot store."""
    return "".join(c for c in text if ord(c) < 0x10000)
