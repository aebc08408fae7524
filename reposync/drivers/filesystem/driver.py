# SPDX-License-Identifier: Apache-2.0
"""Keeps images in a directory."""

from collections.abc import Iterator
from collections.abc import Mapping
import contextlib
from contextlib import AbstractContextManager
import dataclasses
import datetime
import functools
from pathlib import Path
from typing import Any

from oslo_config import cfg
from oslo_utils import uuidutils

from reposync import exception
from reposync import filters
from reposync import reference as ref
from reposync.drivers import architectures
from reposync.drivers import base
from reposync.drivers import moved
from reposync.drivers.filesystem import store
from reposync.sources import base as source

_MARKER = "reposync"
_LABELS = "eu.indigo-datacloud."
_FIELDS = tuple(field.name for field in dataclasses.fields(base.Image))


class FilesystemDriver(base.Driver):
    """Images below one directory.

    Readers see an image whole or not at all, and the new one of a name
    before the old one is gone; the newest that is not hidden counts.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        super().__init__(conf)
        self._store = store.Store(Path(conf.filesystem.directory))

    def check(self) -> None:
        """See `base.Driver.check`."""
        self._store.check()

    def images(
        self, image_filter: filters.ImageFilter, marker: str | None = None
    ) -> Iterator[base.Image]:
        """See `base.Driver.images`."""
        records = self._store.records()
        if marker is not None:
            ids = [record["id"] for record in records]
            if marker not in ids:
                raise exception.ImageNotFound(
                    f"No image has the id {marker[:64]!r}: the list cannot "
                    "go on from there"
                )
            records = records[ids.index(marker) + 1 :]
        for record in records:
            if record.get("hidden"):
                continue
            image = _to_image(record)
            if image_filter.matches(image):
                yield image

    def current(self, platform: str) -> Mapping[str, base.Image]:
        """See `base.Driver.current`."""
        found: dict[str, list[store.Record]] = {}
        for record in self._store.records():
            if record.get(_MARKER) and not record.get("hidden"):
                name = (
                    f"{record.get('docker_name')}:{record.get('docker_tag')}"
                )
                found.setdefault(name, []).append(record)
        return {
            name: _to_image(records[0])
            for name, records in found.items()
            if len(records) == 1
            and records[0].get("docker_platform") == platform
        }

    def image(self, image_id: str) -> base.Image:
        """See `base.Driver.image`."""
        return _to_image(self._store.record(image_id))

    def delete(self, image_id: str) -> None:
        """See `base.Driver.delete`."""
        record = self._store.record(image_id)
        if not record.get(_MARKER):
            raise exception.ImageNotManaged(
                f"Image {image_id} was not made by this service"
            )
        self._store.delete(image_id)

    def discard(self, image_id: str) -> bool:
        """See `base.Driver.discard`."""
        return self._store.discard(image_id)

    def image_updated(
        self,
        reference: ref.Reference,
        resolved: source.ResolvedImage,
        archive: AbstractContextManager[source.Archive],
        commit: base.Commit,
    ) -> tuple[base.Image, base.Outcome]:
        """See `base.Driver.image_updated`."""
        old = self._find(reference)
        current = [record for record in old if not record.get("hidden")]
        find = functools.partial(_find, current[:1])
        try:
            if (found := find(resolved)) is not None:
                raise moved.Same(found)
            self._store.remove_dead()
            record = self._write(
                reference, moved.compared(archive, find), commit
            )
        except moved.Same as same:
            return self._keep(same.found, current, old, commit), "unchanged"
        if old:
            commit.check()
        self._retire(current, old)
        return _to_image(record), "updated" if current else "created"

    def _keep(
        self,
        found: tuple[store.Record, dict[str, str]],
        current: list[store.Record],
        old: list[store.Record],
        commit: base.Commit,
    ) -> base.Image:
        """Let the image that is there be the current one."""
        record, changes = found
        if changes or current[1:]:
            commit.check()
        if changes:
            record = record | changes | {"updated_at": _now()}
            self._store.update(record)
        self._retire(current[1:], old)
        return _to_image(record)

    def _write(
        self,
        reference: ref.Reference,
        archive: AbstractContextManager[source.Archive],
        commit: base.Commit,
    ) -> store.Record:
        image_id = uuidutils.generate_uuid()
        with archive as opened, self._begun(image_id, commit) as draft:
            path = draft / store.ARCHIVE
            written = store.write(path, opened)
            if self.conf.filesystem.verify:
                found = store.read_hash(path)
                if found != written.hexdigest():
                    raise exception.ImageDamaged(
                        f"The disk below {self._store.root} stored something "
                        "else than was written"
                    )
            record = _describe(image_id, reference, opened.resolved) | {
                "size": written.size,
                "os_hash_algo": written.algorithm,
                "os_hash_value": written.hexdigest(),
            }
            commit(_to_image(record))
            self._store.publish(draft, record)
        return record

    @contextlib.contextmanager
    def _begun(self, image_id: str, commit: base.Commit) -> Iterator[Path]:
        commit.begin(image_id)
        with self._store.new(image_id) as draft:
            yield draft

    def _find(self, reference: ref.Reference) -> list[store.Record]:
        names = (reference.name, reference.tag)
        return [
            record
            for record in self._store.records()
            if record.get(_MARKER)
            and (record.get("docker_name"), record.get("docker_tag")) == names
        ]

    def _retire(
        self, current: list[store.Record], known: list[store.Record]
    ) -> None:
        """Hide predecessors, and delete all but the newest of the hidden."""
        hidden = [record for record in known if record.get("hidden")]
        kept = self.conf.filesystem.keep_previous
        for position, record in enumerate([*current, *hidden]):
            if position >= kept:
                self._store.delete(record["id"])
            elif not record.get("hidden"):
                self._store.update(record | {"hidden": True})


def _describe(
    image_id: str, reference: ref.Reference, resolved: source.ResolvedImage
) -> store.Record:
    labels = resolved.labels or {}
    moment = _now()
    return {
        "id": image_id,
        "name": reference.name,
        "type": "docker",
        "docker_id": resolved.image_id,
        "docker_name": reference.name,
        "docker_tag": reference.tag,
        "docker_digest": resolved.digest,
        moved.MANIFEST: resolved.manifest_digest,
        "docker_platform": resolved.platform,
        "os": labels.get(f"{_LABELS}type"),
        "architecture": labels.get(f"{_LABELS}architecture")
        or resolved.architecture,
        "distribution": labels.get(f"{_LABELS}distribution"),
        "version": labels.get(f"{_LABELS}version"),
        "status": "active",
        "created_at": moment,
        "updated_at": moment,
        _MARKER: True,
    }


def _now() -> str:
    now = datetime.datetime.now(datetime.UTC)
    return now.isoformat().replace("+00:00", "Z")


def _find(
    records: list[store.Record], resolved: source.ResolvedImage
) -> tuple[store.Record, dict[str, str]] | None:
    """Find what the registry holds, and what of it is to be changed."""
    for record in records:
        kept = moved.Kept.of(record)
        if (now := kept.compare(resolved)) is not None:
            return record, kept.changes(now)
    return None


def _to_image(record: store.Record) -> base.Image:
    values: dict[str, Any] = {name: record.get(name) for name in _FIELDS}
    values["name"] = str(record.get("name") or "")
    values["architecture"] = architectures.word(record.get("architecture"))
    values["type"] = "docker" if record.get("type") == "docker" else "vm"
    return base.Image(**values)
