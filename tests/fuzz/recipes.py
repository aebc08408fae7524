# SPDX-License-Identifier: Apache-2.0
"""Archives of engines, from a short description.

A mutated tar fails at its first checksum, and a mutated blob at its digest.
So an input may be JSON: a list of members, each a list of a name and of what
is in it, text or JSON.  ``@`` in a name is the digest of the member itself,
``@2`` in what is in it that of the third member.  A third part of a member
changes its header: ``type``, ``size``, ``linkname``, ``pax``.
"""

import hashlib
import io
import json
import re
import tarfile
from typing import Any

_PAX = tarfile.PAX_FORMAT
_LONGEST = 64 * 1024
_NO_RECIPE = (
    AttributeError,
    LookupError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)


def build(data: bytes) -> bytes:
    """Give the tar; what is no recipe is taken for one as it is."""
    try:
        members = json.loads(data)
        return _build(members)
    except _NO_RECIPE:
        return data


def digest(data: bytes, name: object) -> str:
    """Give the digest of a member; of nothing if it is not there."""
    content = b""
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            file = tar.extractfile(str(name))
            content = file.read(_LONGEST) if file else b""
    except Exception:  # noqa: BLE001 (what is broken has none)
        content = b""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _build(members: Any) -> bytes:
    buffer, digests = io.BytesIO(), []
    for name, content, *more in members[:50]:
        text = content if isinstance(content, str) else json.dumps(content)
        for number, each in enumerate(digests):
            text = text.replace(f"@{number}", each)
        body = text.encode("latin-1", "replace")[:_LONGEST]
        found = hashlib.sha256(body).hexdigest()
        digests.append(found)
        member = tarfile.TarInfo(name.replace("@", found))
        member.size = len(body)
        changes = more[0] if more else {}
        member.type = changes.get("type", "0").encode()[:1]
        member.linkname = changes.get("linkname", "")
        pax = changes.get("pax", {})
        member.pax_headers = {str(k): str(v) for k, v in pax.items()}
        head = member.tobuf(_PAX, "utf-8", "surrogateescape")
        if "size" in changes:
            head = _resized(head, int(changes["size"]))
        buffer.write(head + body + bytes(-len(body) % 512))
    return buffer.getvalue() + bytes(1024)


def _resized(head: bytes, size: int) -> bytes:
    """Let the last header name another size than there is."""
    block = bytearray(head[-512:])
    block[124:136] = tarfile.itn(size, 12, tarfile.GNU_FORMAT)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return head[:-512] + bytes(block)


def names(data: bytes) -> tuple[str, str]:
    """Find what ``manifest.json`` calls the configuration, and the image."""
    found = re.search(rb'"Config": ?"([^"]*)"', data)
    tags = re.search(rb'"RepoTags": ?\["([^"]*)"', data)
    config = found[1].decode("latin-1") if found else ""
    return config, tags[1].decode("latin-1") if tags else ""
