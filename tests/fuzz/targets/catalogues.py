# SPDX-License-Identifier: Apache-2.0
"""What OpenNebula and Glance answer."""

from collections.abc import Iterator
import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any
import xmlrpc.client

from reposync import exception
from reposync.drivers import base as driver
from reposync.drivers.glance import client as glance_client
from reposync.drivers.glance import listing as glance_listing
from reposync.drivers.glance import properties as glance_properties
from reposync.drivers.opennebula import client as opennebula_client
from reposync.drivers.opennebula import datastores as opennebula_datastores
from reposync.drivers.opennebula import image as opennebula_image
from tests.fuzz import bounds
from tests.fuzz import message
from tests.fuzz.bounds import require
from tests.fuzz.bounds import Target

RECORDED = Path(__file__).parents[2] / "fixtures/opennebula"
_SESSION = f"oneadmin:{bounds.SECRET}"
_ONE: Any = SimpleNamespace(
    opennebula=SimpleNamespace(
        endpoint="http://one.example/RPC2",
        user="oneadmin",
        password=bounds.SECRET,
        auth_file=None,
        insecure=True,
        cafile=None,
        timeout=5,
    )
)


class _Http:
    """Answers each request of OpenNebula's client with an input."""

    def __init__(self, content: bytes, status: int):
        self._answer = SimpleNamespace(content=content, status_code=status)

    def post(self, *_: Any, **__: Any) -> Any:
        return self._answer


def _one_seeds() -> Iterator[bytes]:
    for path in sorted(RECORDED.glob("*.response.xml")):
        yield path.read_bytes()
        [value], _ = _loads(path.read_bytes())
        if isinstance(value, list) and isinstance(value[1], str):
            yield value[1].encode()
    yield xmlrpc.client.dumps(
        xmlrpc.client.Fault(-506, "no such method"), methodresponse=True
    ).encode()
    refused = [False, f"[one.image.info] Error {bounds.SECRET}", 1024]
    together = [[True, 1, 0], {"faultCode": 1, "faultString": "x"}]
    for value in (refused, together):
        yield xmlrpc.client.dumps((value,), methodresponse=True).encode()


def _loads(data: bytes) -> tuple[Any, Any]:
    try:
        return xmlrpc.client.loads(data)
    except xmlrpc.client.Fault:
        return ([None], None)


def _opennebula(data: bytes) -> None:
    fields, body = message.read(data)
    if b"methodResponse" not in body[:200]:
        text = body.decode("utf-8", "replace")
        body = xmlrpc.client.dumps(
            ([True, text, 0],), methodresponse=True
        ).encode("utf-8", "replace")
    client = opennebula_client.OpenNebulaClient(_ONE)
    server: Any = client._server()
    server._http = _Http(body, message.status(fields, 200))
    errors = []
    for ask in (
        lambda: [_check_record(each) for each in _some(client.images("all"))],
        lambda: _check_record(client.image("3")),
        lambda: _datastore(client),
        lambda: client.group("users"),
        lambda: client.administers(),
        lambda: client.version(),
        lambda: client.change(
            ("image.rename", 3, "a"), ("image.rename", 3, "b")
        ),
    ):
        try:
            ask()
        except exception.ReposyncError as error:
            errors.append(error)
    for error in errors:
        bounds.check_text(str(error))


def _some(values: Iterator[Any]) -> list[Any]:
    return list(itertools.islice(values, 2000))


def _datastore(client: opennebula_client.OpenNebulaClient) -> None:
    found = client.datastore("default")
    for path in ("docker", "file"):
        for text in opennebula_datastores.warnings(path, "6.8.0", found):
            bounds.check_text(text)


def _check_record(record: opennebula_image.Record) -> None:
    image = opennebula_image.to_image(record)
    _check_image(image)
    record.key  # noqa: B018 (raises)
    opennebula_image.is_ours(record, "oneadmin")
    require(record.running >= 0, "machines", record.running)


def _check_image(image: driver.Image) -> None:
    """Look whether the API can show an image as it says."""
    shown = image.to_dict()
    for name, value in shown.items():
        if name == "size":
            right = isinstance(value, int) and not isinstance(value, bool)
            good = value is None or (right and 0 <= value < 2**63)
            require(good, "a size", value)
        else:
            right = value is None or isinstance(value, str)
            require(right, f"the part {name}", value)
    require(image.id, "no id")


def _glance_seeds() -> Iterator[bytes]:
    image = {
        "id": "6f0c5ad0-6f0c-4c4e-a3ad-c0ffee000001",
        "name": "busybox:1",
        "owner": "p",
        "visibility": "public",
        "status": "active",
        "size": 5,
        "container_format": "docker",
        "created_at": "2026-11-28T05:00:00Z",
        "updated_at": "2026-11-28T05:00:00Z",
        "docker_name": "busybox",
        "docker_tag": "1",
        "docker_id": "sha256:" + "0" * 64,
        "hw_architecture": "x86_64",
        "os_hash_algo": "sha512",
        "os_hash_value": "00",
    }
    more = {"images": [image], "next": "/v2/images?marker=1"}
    yield message.write(more)
    yield message.write(image)
    formats = {"container_format": {"enum": ["docker", None]}}
    yield message.write({"properties": formats})
    yield message.write({"members": [{"member_id": "p", "status": "x"}]})
    yield message.write(b"<html><h1>403</h1> quota", status=403)


class _Glance(glance_client.GlanceClient):
    """A client whose Glance is an input."""

    project_id = "p"

    def __init__(self, data: bytes):
        self._fields, self._body = message.read(data)
        self._asked = 0

    def _call(self, method: str, path: str, **_: Any) -> Any:
        self._asked += 1
        require(self._asked < 200, "asked for ever")
        text = self._body.decode(errors="replace")
        return SimpleNamespace(
            status_code=message.status(self._fields, 200),
            content=self._body,
            text=text,
            headers={"Retry-After": self._fields.get("retry-after", "")},
        )


def _glance(data: bytes) -> None:
    found: list[Any] = []
    for ask in (
        lambda: found.extend(_some(_Glance(data).images())),
        lambda: found.extend(
            _some(glance_listing.Listing(_Glance(data)).images())
        ),
        lambda: found.extend(
            _some(glance_listing.Listing(_Glance(data)).images("x"))
        ),
        lambda: found.append(_Glance(data).image("x")),
        lambda: found.append(_Glance(data).create({"id": "x"})),
        lambda: _Glance(data).container_formats(),
        lambda: _Glance(data).members("x"),
        lambda: _Glance(data).delete("x"),
    ):
        try:
            ask()
        except exception.ReposyncError as error:
            bounds.check_text(str(error))
    for record in found[:50]:
        _check_image(glance_properties.to_image(record))
        glance_properties.is_ours(record, "p")


TARGETS = {
    "opennebula": Target(_opennebula, _one_seeds),
    "glance": Target(_glance, _glance_seeds),
}
