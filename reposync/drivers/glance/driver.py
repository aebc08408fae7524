# SPDX-License-Identifier: Apache-2.0
"""Keeps images in OpenStack Glance."""

from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import AbstractContextManager
import dataclasses
import functools
from typing import Any

from oslo_config import cfg
from oslo_log import log
from oslo_utils import uuidutils

from reposync import exception
from reposync import filters
from reposync import reference as ref
from reposync.drivers import base
from reposync.drivers import moved
from reposync.drivers.glance import client
from reposync.drivers.glance import errors
from reposync.drivers.glance import listing
from reposync.drivers.glance import properties
from reposync.drivers.glance import shares
from reposync.drivers.glance import upload
from reposync.drivers.glance import versions
from reposync.sources import base as source

LOG = log.getLogger(__name__)

Record = client.Record


class GlanceDriver(base.Driver):
    """A project's images in Glance.

    The data of an image cannot be changed in Glance, so new content is a
    new image: hidden while it is uploaded and compared, then shown, and
    only then is its predecessor deleted or hidden.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        super().__init__(conf)
        self._glance = client.GlanceClient(conf)
        self._listing = listing.Listing(self._glance)
        self._shares = shares.Shares(conf, self._glance)
        self._shelf = versions.Shelf(conf, self._glance)
        self._uploader = upload.Uploader(conf, self._glance)

    def check(self) -> None:
        """See `base.Driver.check`."""
        known = self._glance.container_formats()
        if known is not None and "docker" not in known:
            raise exception.CatalogueUnsuitable(errors.CONTAINER_FORMAT)

    def images(
        self, image_filter: filters.ImageFilter, marker: str | None = None
    ) -> Iterator[base.Image]:
        """See `base.Driver.images`."""
        for record in self._listing.images(marker):
            image = properties.to_image(record)
            if image_filter.matches(image):
                yield image

    def current(self, platform: str) -> Mapping[str, base.Image]:
        """See `base.Driver.current`."""
        project_id = self._glance.project_id
        found: dict[str, list[Record]] = {}
        # By the property, not by a tag: Glance reads every image's rows once
        # for each of its tags.
        for record in self._glance.images(
            owner=str(project_id), **{properties.MARKER: "1"}
        ):
            if properties.is_ours(record, project_id):
                name = (
                    f"{record.get('docker_name')}:{record.get('docker_tag')}"
                )
                found.setdefault(name, []).append(record)
        self._uploader.expect(records[0] for records in found.values())
        return {
            name: properties.to_image(records[0])
            for name, records in found.items()
            if len(records) == 1
            and records[0]["status"] == "active"
            and records[0].get("docker_platform") == platform
            and not self._shares.concern(name)
        }

    def find(self, reference: ref.Reference) -> list[base.Image]:
        """See `base.Driver.find`; only images of this service."""
        found = self._ours(reference, hidden=False)
        return [properties.to_image(record) for record in found]

    def image(self, image_id: str) -> base.Image:
        """See `base.Driver.image`."""
        return properties.to_image(self._listing.image(image_id))

    def delete(self, image_id: str) -> None:
        """See `base.Driver.delete`."""
        record = self._listing.image(image_id)
        if not properties.is_ours(record, self._glance.project_id):
            raise exception.ImageNotManaged(
                f"Image {image_id} was not made by this service; delete it "
                "in Glance"
            )
        self._shelf.delete(record)

    def discard(self, image_id: str) -> bool:
        """See `base.Driver.discard`."""
        try:
            record = self._glance.image(image_id)
            if record.get("os_hidden") and not record.get(properties.VERIFIED):
                LOG.info("Removing the unfinished image %s", image_id)
                self._glance.delete(image_id)
        except exception.ImageNotFound:
            return False
        return True

    def image_updated(
        self,
        reference: ref.Reference,
        resolved: source.ResolvedImage,
        archive: AbstractContextManager[source.Archive],
        commit: base.Commit,
    ) -> tuple[base.Image, base.Outcome]:
        """See `base.Driver.image_updated`."""
        visible = self._ours(reference, hidden=False)
        self._uploader.expect(visible)
        known, found = visible, _find(visible, resolved)
        if found is None:
            hidden = self._shelf.remove_dead(
                self._ours(reference, hidden=True)
            )
            known, found = visible + hidden, _find(hidden, resolved)
        try:
            if found is None:
                # What the source could not tell, its archive does.
                compared = moved.compared(
                    archive, functools.partial(_find, known)
                )
                current = self._copy(reference, compared, commit)
            else:
                current = self._take(found, commit)
        except moved.Same as same:
            current = self._take(same.found, commit)
        outcome: base.Outcome = "updated" if visible else "created"
        if any(each["id"] == current["id"] for each in visible):
            outcome = "unchanged"
        self._shares.apply(reference, current["id"])
        old = [each for each in known if each["id"] != current["id"]]
        if old:
            commit.check()
            self._shelf.retire(old)
        return properties.to_image(current), outcome

    def _take(self, found: "_Found", commit: base.Commit) -> Record:
        """Let an image that is there be the current one."""
        record = found.record
        if record.get("os_hidden"):
            # The tag went back to what it pointed at before.
            commit(properties.to_image(record))
            return self._show(record["id"], **found.changes)
        if found.changes:
            commit.check()
            return self._glance.update(record["id"], **found.changes)
        return record

    def _copy(
        self,
        reference: ref.Reference,
        archive: AbstractContextManager[source.Archive],
        commit: base.Commit,
    ) -> Record:
        image_id = uuidutils.generate_uuid()
        with archive as opened:
            body = self._body(reference, opened.resolved)
            commit.begin(image_id)
            try:
                new = self._glance.create(body | {"id": image_id})
                if new["id"] != image_id:
                    # This cloud chooses the ids of images itself.
                    image_id = new["id"]
                    commit.begin(image_id)
                stored = self._uploader.store(image_id, opened, commit.check)
                commit(properties.to_image(stored))
                return self._show(image_id)
            except BaseException:
                self._shelf.discard(image_id)
                raise

    def _body(
        self, reference: ref.Reference, resolved: source.ResolvedImage
    ) -> dict[str, Any]:
        name = self.conf.glance.name_template.format(
            name=reference.name,
            repository=reference.repository,
            registry=reference.registry,
            tag=reference.tag,
        )
        return {
            **self.conf.glance.properties,
            **properties.properties(reference, resolved),
            "name": name,
            "container_format": "docker",
            "disk_format": "raw",
            "os_hidden": True,
            "visibility": self.conf.glance.visibility,
            "tags": [str(reference.tag)],
        }

    def _show(self, image_id: str, **changes: str) -> Record:
        values: dict[str, Any] = {
            **changes,
            "os_hidden": False,
            properties.VERIFIED: "1",
        }
        if self.conf.glance.protected:
            values["protected"] = True
        return self._glance.update(image_id, **values)

    def _ours(self, reference: ref.Reference, *, hidden: bool) -> list[Record]:
        project_id = self._glance.project_id
        query = properties.selection(reference)
        found = self._glance.images(
            **query,
            owner=str(project_id),
            os_hidden=str(hidden).lower(),
        )
        # Looked at again: some clouds ignore what they cannot choose by, and
        # what is found may be deleted.
        return [
            record
            for record in found
            if properties.is_ours(record, project_id)
            and bool(record.get("os_hidden")) == hidden
            and query.items() <= record.items()
        ]


@dataclasses.dataclass(frozen=True, slots=True)
class _Found:
    """An image that is what the registry holds.

    :ivar changes: its properties that are others now
    """

    record: Record
    changes: dict[str, str]


def _find(
    records: list[Record], resolved: source.ResolvedImage
) -> _Found | None:
    for record in records:
        if record.get("status") != "active":
            continue
        kept = moved.Kept.of(record)
        if (now := kept.compare(resolved)) is not None:
            return _Found(record, kept.changes(now))
    return None
