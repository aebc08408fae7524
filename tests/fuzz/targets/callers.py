# SPDX-License-Identifier: Apache-2.0
"""Who calls the API, and what comes over the message bus."""

import base64
from collections.abc import Iterator
import json
from typing import Any

from reposync import exception
from reposync import rpc
from reposync.conductor import bell
from reposync.conductor import endpoint
from reposync.webhooks import oidc
from tests.fixtures import memory
from tests.fuzz import message
from tests.fuzz.bounds import require
from tests.fuzz.bounds import Target


class _Keys:
    """The keys of a provider that has none."""

    def get(self, key_id: str) -> Any:
        require(isinstance(key_id, str), "no id of a key")


_KEYS: Any = _Keys()
_CHECK = oidc.Oidc(_KEYS, "audience", "a@example", ["https://issuer"])


def _token_seeds() -> Iterator[bytes]:
    header = {"alg": "RS256", "kid": "1", "typ": "JWT"}
    claims = {"iss": "https://issuer", "aud": "audience", "exp": 1}
    yield json.dumps([header, claims, "x"]).encode()
    yield b"e30.e30.x"


def _oidc(data: bytes) -> None:
    text = data.decode("latin-1")
    try:
        value = json.loads(data)
        parts = value if isinstance(value, list) else [value]
        # The parts of a token are base64, which no mutation meets.
        packed = [base64.urlsafe_b64encode(_dumped(each)) for each in parts]
        text = b".".join(each.rstrip(b"=") for each in packed).decode()
    except (ValueError, RecursionError):
        packed = [base64.urlsafe_b64encode(each) for each in data.split(b".")]
        inside = b".".join(each.rstrip(b"=") for each in packed).decode()
        _refused(inside)
    _refused(text)


def _dumped(value: object) -> bytes:
    return json.dumps(value).encode()


def _refused(token: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    require(_CHECK(headers, b"", b"") is False, "let in", token)


def _bus_seeds() -> Iterator[bytes]:
    yield message.write({"operation_id": "x"}, method="process")
    asked = {"name_filter": "a*", "image_type": "docker", "limit": 5}
    yield message.write(asked | {"marker": None}, method="images")
    yield message.write({"image_id": "1"}, method="image")
    yield message.write({"request_id": "req-1", "roles": ["a"]}, method="x")


def _bus(data: bytes) -> None:
    """Let a message do no more than fail.

    oslo.messaging logs what a call raises, and goes on.
    """
    fields, body = message.read(data)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    if not isinstance(value, dict):
        return
    ends = {
        "process": endpoint.Nudges(bell.Bell(1), lambda _: False).process,
        "images": endpoint.Catalogue(memory.MemoryDriver()).images,
        "image": endpoint.Catalogue(memory.MemoryDriver()).image,
    }
    end = ends.get(fields.get("method", ""))
    try:
        if end is None:
            rpc.ContextSerializer().deserialize_context(value)
        else:
            end(None, **value)
    except exception.ReposyncError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001
        require(isinstance(error, Exception), "the end of the process")


TARGETS = {
    "oidc": Target(_oidc, _token_seeds, ()),
    "bus": Target(_bus, _bus_seeds),
}
