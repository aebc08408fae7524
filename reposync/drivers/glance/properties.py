# SPDX-License-Identifier: Apache-2.0
"""What an image looks like in Glance.

The names are those that consumers read: the seed's, java-reposync
(``docker_id`` and so on), and Glance's own for images of any kind
(https://docs.openstack.org/glance/latest/admin/useful-image-properties.html).
"""

from collections.abc import Mapping
from typing import Any

from reposync import reference as ref
from reposync import texts
from reposync.drivers import architectures
from reposync.drivers import base
from reposync.drivers import moved
from reposync.sources import base as source

#: Marks the images of this service; no others are replaced or deleted.
MARKER = "reposync"
#: Says that an image was complete and right before it was shown first.
VERIFIED = "reposync_verified"
_LABELS = "eu.indigo-datacloud."
_LONGEST = 255


def selection(reference: ref.Reference) -> dict[str, str]:
    """Give the properties that choose the images of a name and tag.

    Without a tag: of a name and digest.
    """
    chosen = {"docker_name": reference.name}
    if reference.tag is None:
        return chosen | {"docker_digest": str(reference.digest)}
    return chosen | {"docker_tag": reference.tag}


def properties(
    reference: ref.Reference, resolved: source.ResolvedImage
) -> dict[str, str]:
    """Give the properties of a new image.

    Labels are whatever somebody wrote: only four are taken, and cut to what
    Glance stores.
    """
    labels = resolved.labels or {}
    label = {
        name: _clean(labels.get(_LABELS + name))
        for name in ("type", "architecture", "distribution", "version")
    }
    values = selection(reference) | {
        MARKER: "1",
        "docker_id": resolved.image_id,
        "docker_digest": resolved.digest,
        moved.MANIFEST: resolved.manifest_digest,
        "docker_platform": resolved.platform,
        "img_hv_type": "docker",
        "hw_vm_mode": "exe",
        "hypervisor_type": "docker",
        "architecture": architectures.word(resolved.architecture),
        "os": label["type"],
        "hw_architecture": label["architecture"],
        "distribution": label["distribution"],
        "dist_version": label["version"],
        "os_distro": label["distribution"],
        "os_version": label["version"],
    }
    return {key: value for key, value in values.items() if value}


def to_image(record: Mapping[str, Any]) -> base.Image:
    """Read an image as Glance shows it.

    What is of another kind than it should be is left out.
    """

    def text(*keys: str) -> str | None:
        """Give the first of several properties that says something."""
        found = map(record.get, keys)
        return next((v for v in found if v and isinstance(v, str)), None)

    return base.Image(
        id=record["id"],
        name=text("name") or "",
        type="docker" if _is_docker(record) else "vm",
        docker_id=text("docker_id"),
        docker_name=text("docker_name"),
        docker_tag=text("docker_tag"),
        docker_digest=text("docker_digest"),
        os=text("os", "os_type"),
        architecture=architectures.word(
            text("hw_architecture", "architecture")
        ),
        distribution=text("distribution", "os_distro"),
        version=text("dist_version", "os_version"),
        size=_size(record.get("size")),
        status=text("status"),
        created_at=text("created_at"),
        updated_at=text("updated_at"),
    )


def is_ours(record: Mapping[str, Any], project_id: str | None) -> bool:
    """Tell whether the service may replace or delete an image.

    Its own ones, and those java-reposync made in the same project.
    """
    if not project_id or record.get("owner") != project_id:
        return False
    if record.get(MARKER):
        return True
    return _is_docker(record) and all(
        record.get(key) for key in ("docker_id", "docker_name", "docker_tag")
    )


def _size(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < 2**63 else None


def _is_docker(record: Mapping[str, Any]) -> bool:
    return record.get("container_format") == "docker"


def _clean(value: object) -> str:
    """Drop what Glance's database cannot store, and cut."""
    return texts.basic(texts.line(str(value or "")))[:_LONGEST]
