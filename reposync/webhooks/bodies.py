# SPDX-License-Identifier: Apache-2.0
"""Bodies as they come over the wire, made into JSON objects.

A registry, or what stands between, may send JSON as it is, as the field
``payload`` of a form (GitHub's and Gitea's default), packed with gzip, with
a byte order mark, in another charset, under any content type, or several
objects in a list (batches of CloudEvents, Azure's Event Grid).  Who sends it
is proven before, over the bytes as they came.
"""

import codecs
from collections.abc import Mapping
import email.message
import json
import re
from typing import Any
import urllib.parse
import zlib

from reposync import exception

_LONGEST = 1 << 20
_MOST_OBJECTS = 100
_FIELD = "payload"
#: Of gzip or of zlib; what "deflate" means has always been unclear.
_ANY_HEADER = 32 + zlib.MAX_WBITS
_NO_HEADER = -zlib.MAX_WBITS
_PACKED = ("gzip", "x-gzip", "deflate")
#: Charsets of old appliances, by Python's names; names of one have many
#: spellings.
_CHARSETS = re.compile(
    r"ascii|iso8859-\d+|cp125\d|koi8-[ru]|shift_jis|euc_(jp|kr)|gb\w+|big5"
)
_CHOOSE = "Choose the content type application/json in the registry"


def read(headers: Mapping[str, str], body: bytes) -> list[bytes]:
    """Give the JSON objects of a body, each as UTF-8.

    A single one is not looked into: whoever parses it says what is wrong.

    :param headers: their names in lower case
    :raises InvalidWebhook: there are none; the text says what to choose
    """
    body = _unpacked(headers.get("content-encoding", ""), body)
    if body.isascii() and body.lstrip().startswith(b"{"):
        return [body]
    kind = _content_type(headers.get("content-type", ""))
    text = _text(kind, body)
    if not text.startswith(("{", "[")):
        text = _field(kind, text)
    if text.startswith("["):
        return _objects(text)
    return [text.encode("utf-8", "surrogatepass")]


def _unpacked(encodings: str, body: bytes) -> bytes:
    encoding = encodings.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in _PACKED:
        raise exception.InvalidWebhook(
            f"The body is packed with {encoding[:40]!r}. Send it as it is, or "
            "with gzip"
        )
    windows = [_ANY_HEADER]
    if encoding == "deflate":
        windows.append(_NO_HEADER)
    for window in windows:
        unpacking = zlib.decompressobj(window)
        try:
            plain = unpacking.decompress(body, _LONGEST)
        except zlib.error:
            continue
        if unpacking.unconsumed_tail:
            raise exception.InvalidWebhook(
                f"The body has more than {_LONGEST} bytes when it is unpacked"
            )
        if not unpacking.eof:
            raise exception.InvalidWebhook("The packed body is cut short")
        return plain
    raise exception.InvalidWebhook(
        f"The body is not {encoding}, as its Content-Encoding says"
    )


def _content_type(value: str) -> email.message.Message:
    message = email.message.Message()
    message["Content-Type"] = value.replace("\r", " ").replace("\n", " ")
    return message


def _text(kind: email.message.Message, body: bytes) -> str:
    try:
        # As `json.loads` does: a mark tells, or the first bytes.
        text = body.decode(json.detect_encoding(body), "surrogatepass")
    except UnicodeDecodeError as error:
        charset = _charset(str(kind.get_content_charset() or ""))
        if charset is None:
            raise exception.InvalidWebhook("The body is not UTF-8") from error
        text = body.decode(charset, "replace")
    return text.strip()


def _charset(name: str) -> str | None:
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if _CHARSETS.fullmatch(found) else None


def _field(kind: email.message.Message, text: str) -> str:
    """Give the JSON that a form has."""
    if kind.get_content_maintype() == "multipart":
        raise exception.InvalidWebhook(f"The body has parts. {_CHOOSE}")
    try:
        fields = urllib.parse.parse_qs(text, max_num_fields=_MOST_OBJECTS)
    except ValueError:
        fields = {}
    values = fields.get(_FIELD, [])
    if len(values) != 1:
        raise exception.InvalidWebhook(
            f"The body is not JSON, nor a form with one {_FIELD}. {_CHOOSE}"
        )
    return values[0].strip()


def _objects(text: str) -> list[bytes]:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise exception.InvalidWebhook("The body is not JSON") from error
    if not 0 < len(found) <= _MOST_OBJECTS:
        raise exception.InvalidWebhook(
            f"The body is a list of {len(found)} objects; there may be 1 to "
            f"{_MOST_OBJECTS}"
        )
    return [json.dumps(one).encode() for one in found]
