# SPDX-License-Identifier: Apache-2.0
"""Inputs that look like messages of HTTP: lines of fields, and a body.

They can be read and written by hand; what is no message is all body.
"""

import http.client
import io
import json
import re

import urllib3

_FIELD = re.compile(rb"([A-Za-z][\w-]*):[ \t]*(.*)")
_MOST_FIELDS = 50


def split(data: bytes) -> tuple[bytes, bytes]:
    """Cut an input into its head, with the empty line, and its body."""
    head, empty, body = data.partition(b"\n\n")
    if not empty or not all(map(_FIELD.fullmatch, head.split(b"\n"))):
        return b"", data
    return head + empty, body


def read(data: bytes) -> tuple[dict[str, str], bytes]:
    """Give the fields, their names in lower case, and the body."""
    head, body = split(data)
    fields = {}
    for line in head.split(b"\n")[:_MOST_FIELDS]:
        if found := _FIELD.fullmatch(line):
            fields[found[1].decode().lower()] = found[2].decode("latin-1")
    return fields, body


def write(body: object = b"", **fields: object) -> bytes:
    """Make an input; underscores in names are hyphens."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = [f"{k.replace('_', '-')}: {v}\n" for k, v in fields.items()]
    return "".join(lines).encode("latin-1") + b"\n" + body


def status(fields: dict[str, str], default: int) -> int:
    """Read the field ``status``."""
    text = fields.get("status", "")
    right = re.fullmatch(r"[1-5][0-9]{2}", text, re.ASCII)
    return int(text) if right else default


def answer(data: bytes, default: int = 200) -> urllib3.HTTPResponse:
    """Make the answer of a server, as urllib3 gives it."""
    fields, body = read(data)
    fields.pop("transfer-encoding", None)
    if "," in fields.get("content-length", ""):
        # An answer with two lengths is refused by urllib3 itself.
        del fields["content-length"]
    code = status(fields, default)
    return urllib3.HTTPResponse(
        io.BytesIO(body),
        fields,
        code,
        reason=fields.get("reason", http.client.responses.get(code, "")),
        preload_content=False,
        decode_content=False,
    )
