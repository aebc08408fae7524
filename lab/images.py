# SPDX-License-Identifier: Apache-2.0
"""Makes container images and pushes them, without an engine.

Blobs and manifests follow Docker's image manifest version 2, schema 2, and
the Registry HTTP API v2 (https://distribution.github.io/distribution/spec/).
"""

import base64
from collections.abc import Mapping
from collections.abc import Sequence
import dataclasses
import gzip
import hashlib
import io
import json
from pathlib import Path
import ssl
import tarfile
from typing import Any
import urllib.error
import urllib.request

_DOCKER = "application/vnd.docker"
MANIFEST = f"{_DOCKER}.distribution.manifest.v2+json"
INDEX = f"{_DOCKER}.distribution.manifest.list.v2+json"
_OCI = "application/vnd.oci.image"
OCI_MANIFEST = f"{_OCI}.manifest.v1+json"
OCI_INDEX = f"{_OCI}.index.v1+json"


@dataclasses.dataclass(frozen=True)
class Kind:
    """The media types of a format.

    :ivar layer: a layer that is not compressed
    :ivar joint: between it and the name of a compression
    """

    manifest: str
    index: str
    config: str
    layer: str
    joint: str


DOCKER = Kind(
    MANIFEST,
    INDEX,
    f"{_DOCKER}.container.image.v1+json",
    f"{_DOCKER}.image.rootfs.diff.tar",
    ".",
)
OCI = Kind(
    OCI_MANIFEST,
    OCI_INDEX,
    f"{_OCI}.config.v1+json",
    f"{_OCI}.layer.v1.tar",
    "+",
)

Files = Mapping[str, bytes]

_UNVERIFIED = ssl.create_default_context()
_UNVERIFIED.check_hostname = False
_UNVERIFIED.verify_mode = ssl.CERT_NONE


@dataclasses.dataclass(frozen=True)
class PushedImage:
    """What was pushed.

    :ivar digest: of the manifest, ``sha256:<hex>``
    :ivar image_id: digest of the image configuration
    :ivar size: bytes of the manifest
    :ivar kind: its format
    """

    digest: str
    image_id: str
    size: int
    kind: Kind


@dataclasses.dataclass(frozen=True)
class Layer:
    """A layer as it is pushed, with the digest of what it unpacks to."""

    data: bytes
    diff_id: str
    compression: str | None = "gzip"

    def media_type(self, kind: Kind) -> str:
        """Give the type of the layer in a format."""
        suffix = f"{kind.joint}{self.compression}" if self.compression else ""
        return kind.layer + suffix

    @classmethod
    def of_files(cls, files: Files) -> "Layer":
        """Make a layer of file contents by path."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for path, content in sorted(files.items()):
                member = tarfile.TarInfo(path)
                member.size, member.mode = len(content), 0o755
                tar.addfile(member, io.BytesIO(content))
        return cls.of_tar(buffer.getvalue())

    @classmethod
    def of_directory(cls, directory: Path) -> "Layer":
        """Make a layer of an unpacked tree; times and owners are dropped."""

        def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
            member.uid = member.gid = member.mtime = 0
            member.uname = member.gname = ""
            return member

        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for path in sorted(directory.iterdir()):
                tar.add(path, path.name, filter=plain)
        return cls.of_tar(buffer.getvalue())

    @classmethod
    def of_tar(cls, tar: bytes) -> "Layer":
        """Make a layer of a tar archive."""
        return cls(gzip.compress(tar, 1, mtime=0), digest_of(tar))


class Repository:
    """A repository of a registry.

    :param registry: ``host:port`` of one that speaks plain HTTP, or the
        address of one with TLS, whose certificate is not looked at
    :param auth: user and password, if it asks for them
    """

    def __init__(
        self,
        registry: str,
        name: str,
        auth: tuple[str, str] | None = None,
    ):
        place = registry if "://" in registry else f"http://{registry}"
        self._url = f"{place}/v2/{name}"
        self._headers = {}
        if auth:
            pair = base64.b64encode(":".join(auth).encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"

    def put_blob(self, data: bytes) -> dict[str, Any]:
        """Push a blob unless it is there; returns digest and size."""
        digest = digest_of(data)
        if self._call("HEAD", f"/blobs/{digest}") is None:
            answer = self._call("POST", "/blobs/uploads/")
            assert answer is not None
            place = answer.headers["Location"]
            joint = "&" if "?" in place else "?"
            self._call("PUT", f"{place}{joint}digest={digest}", data)
        return {"digest": digest, "size": len(data)}

    def put_manifest(self, tag: str, media_type: str, body: bytes) -> str:
        """Push a manifest under a tag; returns its digest."""
        self._call("PUT", f"/manifests/{tag}", body, media_type)
        return digest_of(body)

    def delete_manifest(self, digest: str) -> None:
        """Delete a manifest with all its tags."""
        self._call("DELETE", f"/manifests/{digest}")

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        media_type: str = "application/octet-stream",
    ) -> Any:
        url = path if path.startswith("http") else self._url + path
        headers = self._headers | {"Content-Type": media_type}
        request = urllib.request.Request(
            url, data=body, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(
                request, timeout=60, context=_UNVERIFIED
            ) as answer:
                return answer
        except urllib.error.HTTPError as error:
            if method == "HEAD" and error.code == 404:
                return None
            text = error.read()[:500]
            raise RuntimeError(f"{method} {url}: {error} {text!r}") from error


def push_image(
    registry: str,
    repository: str,
    tag: str,
    contents: Files | Sequence[Layer],
    *,
    labels: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    architecture: str = "amd64",
    variant: str | None = None,
    kind: Kind = DOCKER,
) -> PushedImage:
    """Make an image of one platform and push it under a tag.

    :param contents: file contents by path, or layers from below to above
    """
    if isinstance(contents, Mapping):
        contents = [Layer.of_files(contents)]
    place = Repository(registry, repository, auth)
    config = {
        "architecture": architecture,
        "os": "linux",
        "created": "2024-01-01T00:00:00Z",
        "config": {"Cmd": ["/bin/sh"], "Labels": dict(labels or {})},
        "rootfs": {
            "type": "layers",
            "diff_ids": [layer.diff_id for layer in contents],
        },
        "history": [
            {"created": "2024-01-01T00:00:00Z", "created_by": "reposync"}
            for _ in contents
        ],
    } | ({"variant": variant} if variant else {})
    blob = place.put_blob(_json(config))
    manifest = {
        "schemaVersion": 2,
        "mediaType": kind.manifest,
        "config": blob | {"mediaType": kind.config},
        "layers": [
            place.put_blob(layer.data) | {"mediaType": layer.media_type(kind)}
            for layer in contents
        ],
    }
    body = _json(manifest)
    digest = place.put_manifest(tag, kind.manifest, body)
    return PushedImage(digest, blob["digest"], len(body), kind)


def push_index(
    registry: str,
    repository: str,
    tag: str,
    platforms: Mapping[str, PushedImage],
    kind: Kind = DOCKER,
) -> str:
    """Push an index under a tag; returns its digest.

    :param platforms: by platform, such as ``linux/arm64/v8``: images that
        were pushed to the same repository
    """
    manifests = []
    for platform, image in platforms.items():
        names = ("os", "architecture", "variant")
        manifests.append(
            {
                "mediaType": image.kind.manifest,
                "digest": image.digest,
                "size": image.size,
                "platform": dict(
                    zip(names, platform.split("/"), strict=False)
                ),
            }
        )
    body = {
        "schemaVersion": 2,
        "mediaType": kind.index,
        "manifests": manifests,
    }
    place = Repository(registry, repository)
    return place.put_manifest(tag, kind.index, _json(body))


def digest_of(data: bytes) -> str:
    """Give the digest of a blob as registries write it."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
