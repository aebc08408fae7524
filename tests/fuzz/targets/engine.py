# SPDX-License-Identifier: Apache-2.0
"""What an engine says: descriptions of images, progress, errors."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
import io
import re
from typing import Any

from oslo_config import cfg
import requests
import urllib3

from reposync import reference as ref
from reposync import service
from reposync.sources import base
from reposync.sources.docker import answers as docker_answers
from reposync.sources.docker import client as docker_client
from reposync.sources.docker import containerd_store
from reposync.sources.docker import names
from reposync.sources.docker import platforms as docker_platforms
from reposync.sources.docker import source as docker
from tests.fuzz import message
from tests.fuzz.bounds import require
from tests.fuzz.bounds import Target

DIGEST = "sha256:" + "0" * 64
RESOLVED = base.ResolvedImage(
    ref.Reference.parse("r.example/team/app:1"), DIGEST, "linux/amd64"
)
_PLATFORM = {"os": "linux", "architecture": "amd64"}
_IMAGE = {
    "Id": DIGEST,
    "Os": "linux",
    "Architecture": "amd64",
    "RepoTags": ["r.example/team/app:1"],
    "Config": {"Labels": {"a": "b"}},
    "Manifests": [
        {
            "Kind": "image",
            "Available": True,
            "Descriptor": {"digest": DIGEST, "platform": _PLATFORM},
        }
    ],
}
_DISTRIBUTION = {
    "Descriptor": {"digest": DIGEST, "size": 5},
    "Platforms": [_PLATFORM],
}
_VERSION = {"ApiVersion": "1.48", "MinAPIVersion": "1.24", "Version": "28.0"}


class _Body(io.BytesIO):
    """A body in one chunk, as docker-py asks for it."""

    chunked = True

    @property
    def chunk_left(self) -> int:
        return len(self.getvalue()) - self.tell()


class _Engine(requests.adapters.HTTPAdapter):
    """Answers each request in the same way."""

    def __init__(self, data: bytes):
        super().__init__()
        self._data = data

    def send(self, request: Any, **_: Any) -> requests.Response:
        fields, body = message.read(self._data)
        answer = urllib3.HTTPResponse(
            _Body(body),
            {"content-type": fields.get("content-type", "")},
            message.status(fields, 200),
            preload_content=False,
        )
        return self.build_response(request, answer)


class _Client(docker_client.Client):
    """A client whose engine is an input."""

    def __init__(self, data: bytes, version: str = "1.48"):
        self.engine = _Engine(data)
        super().__init__(base_url="tcp://e:1", version=version)

    def get_adapter(self, url: str) -> Any:
        return self.engine


def _seeds() -> Iterator[bytes]:
    for kind, body in (
        ("inspect", _IMAGE),
        ("inspect", _IMAGE | {"Id": "sha256:" + "1" * 64, "Manifests": None}),
        ("resolve", _DISTRIBUTION),
        ("version", _VERSION),
        ("names", _IMAGE),
    ):
        yield message.write(body, kind=kind)
    events = (
        b'{"status":"Pulling from team/app","id":"1"}\r\n'
        b'{"status":"Downloading","id":"a","progressDetail":'
        b'{"current":5,"total":9}}\r\n{"status":"Downloading","id":"a",'
        b'"progressDetail":{"current":9}}\n{"status":"Pull complete"}'
    )
    yield message.write(events, kind="pull")
    yield message.write(
        b'{"errorDetail":{"message":"x"},"error":"toomanyrequests: try '
        b'again in 5 min"}',
        kind="pull",
    )
    for text in (
        "toomanyrequests: retry-after 60 s",
        "failed to resolve reference \"r.example/a:1\": unexpected status "
        "from HEAD request to https://r.example/v2/a/manifests/1: 403 no",
        "no matching manifest for linux/amd64 in the manifest list entries",
        "manifest unknown: manifest unknown",
        "write /var/lib/docker/x: no space left on device",
    ):  # fmt: skip
        yield message.write({"message": text}, status=500, kind="inspect")
    yield message.write(b"page not found", status=404, kind="resolve")


def _run(data: bytes) -> None:
    fields, _ = message.read(data)
    _WAYS.get(fields.get("kind", ""), _inspect)(data)


def _version(data: bytes) -> None:
    with docker_client.translated("the engine"):
        _Client(data, "auto").close()


def _resolve(data: bytes) -> None:
    source = _source()
    found = _with_engine(
        data, lambda: source.resolve(RESOLVED.reference, "linux/amd64")
    )
    require(
        re.fullmatch(r"sha\d{3}:[0-9a-f]{64,128}", found.digest), "no digest"
    )


def _inspect(data: bytes) -> None:
    client = _Client(data)
    with docker_client.translated("x", "linux/amd64"):
        found = client.inspect("x")
        if containerd_store.keeps_manifests(found, RESOLVED):
            target = docker_platforms.find(found, RESOLVED)
            require(isinstance(target.digest, str), "no digest", target)
            return
        complete = docker_answers.complete(RESOLVED, found)
    for word in (complete.image_id, complete.os, complete.architecture):
        require(isinstance(word, str), "no word", word)
    require(re.fullmatch(r"sha256:[0-9a-f]{64}", complete.image_id), "no id")
    for pair in (complete.labels or {}).items():
        require(all(isinstance(each, str) for each in pair), "labels", pair)


def _names(data: bytes) -> None:
    client = _Client(data)
    with docker_client.translated("x"):
        kept = names.Kept(client, RESOLVED)
        kept.traces()
        names._remove(client, names.by_digest(RESOLVED))


def _pull(data: bytes) -> None:
    last = (0, 0)

    def progress(phase: str, done: int, total: int | None) -> None:
        nonlocal last
        last = (done, total or 0)

    try:
        _source()._pull(_Client(data), RESOLVED, progress)
    finally:
        require(all(0 <= each < 2**63 for each in last), "a size", last)


def _source() -> docker.DockerSource:
    return docker.DockerSource(_configured())


def _configured() -> cfg.ConfigOpts:
    if "conf" not in _KEPT:
        conf = _KEPT["conf"] = cfg.ConfigOpts()
        service.register_opts(conf)
        conf([], project="reposync", default_config_files=[])
    return _KEPT["conf"]


def _with_engine(data: bytes, work: Callable[[], Any]) -> Any:
    """Let the source connect to an engine that is an input."""
    real = docker_client.connect

    def connect(conf: Any) -> Any:
        return contextlib.nullcontext(_Client(data))

    docker_client.connect = connect
    try:
        return work()
    finally:
        docker_client.connect = real


_KEPT: dict[str, Any] = {}
_WAYS = {
    "version": _version,
    "resolve": _resolve,
    "inspect": _inspect,
    "names": _names,
    "pull": _pull,
}
TARGETS = {"engine": Target(_run, _seeds)}
