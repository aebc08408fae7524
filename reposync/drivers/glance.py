# SPDX-License-Identifier: Apache-2.0
"""Keeps images in OpenStack Glance."""

from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from oslo_config import cfg
from oslo_log import log
from oslo_utils import uuidutils

from reposync import exception
from reposync import filters
from reposync import reference as ref
from reposync.drivers import base
from reposync.drivers import glance_client
from reposync.drivers import glance_errors
from reposync.drivers import glance_properties as properties
from reposync.drivers import glance_shares
from reposync.drivers import glance_upload
from reposync.sources import base as source

LOG = log.getLogger(__name__)

Record = glance_client.Record


class GlanceDriver(base.Driver):
    """A project's images in Glance.

    The data of an image cannot be changed in Glance, so new content is a
    new image: hidden while it is uploaded and compared, then shown, and
    only then is its predecessor deleted or hidden.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        super().__init__(conf)
        self._glance = glance_client.GlanceClient(conf)
        self._shares = glance_shares.Shares(conf, self._glance)
        self._uploader = glance_upload.Uploader(conf, self._glance)

    def check(self) -> None:
        """See `base.Driver.check`."""
        known = self._glance.container_formats()
        if known is not None and "docker" not in known:
            raise exception.CatalogueUnsuitable(glance_errors.CONTAINER_FORMAT)

    def images(
        self, image_filter: filters.ImageFilter, marker: str | None = None
    ) -> Iterator[base.Image]:
        """See `base.Driver.images`."""
        query = {} if marker is None else {"marker": marker}
        for record in self._glance.images(**query):
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
        return properties.to_image(self._glance.image(image_id))

    def delete(self, image_id: str) -> None:
        """See `base.Driver.delete`."""
        record = self._glance.image(image_id)
        if not properties.is_ours(record, self._glance.project_id):
            raise exception.ImageNotManaged(
                f"Image {image_id} was not made by this service; delete it "
                "in Glance"
            )
        self._delete(record)

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
        current = _same(visible, resolved)
        outcome: base.Outcome = "unchanged"
        if current is None:
            hidden = self._remove_dead(self._ours(reference, hidden=True))
            outcome = "updated" if visible else "created"
            current = _same(hidden, resolved)
            if current is None:
                current = self._copy(reference, archive, commit)
            else:
                # The tag went back to what it pointed at before.
                commit(properties.to_image(current))
                current = self._show(current["id"])
            visible += hidden
        self._shares.apply(reference, current["id"])
        old = [each for each in visible if each["id"] != current["id"]]
        if old:
            commit.check()
            self._retire(old)
        return properties.to_image(current), outcome

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
                self._discard(image_id)
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

    def _show(self, image_id: str) -> Record:
        values: dict[str, Any] = {
            "os_hidden": False,
            properties.VERIFIED: "1",
        }
        if self.conf.glance.protected:
            values["protected"] = True
        return self._glance.update(image_id, **values)

    def _discard(self, image_id: str) -> None:
        try:
            self._glance.delete(image_id)
        except exception.ImageNotFound:
            return
        except exception.ReposyncError as error:
            # The next attempt for the same name finds and removes it.
            LOG.warning(
                "The unfinished image %s remains for now: %s",
                image_id,
                error.message,
            )

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

    def _remove_dead(self, hidden: list[Record]) -> list[Record]:
        """Delete what an attempt that died left; returns the rest."""
        kept = []
        for record in hidden:
            if (
                record.get(properties.VERIFIED)
                and record.get("status") == "active"
            ):
                kept.append(record)
            else:
                LOG.info("Removing the unfinished image %s", record["id"])
                self._discard(record["id"])
        return kept

    def _retire(self, old: list[Record]) -> None:
        """Hide or delete predecessors; those in use or protected are hidden.

        What cannot be done for other reasons is raised: until it is done,
        users would find two images of one name.
        """
        old.sort(
            key=lambda record: str(record.get("created_at")), reverse=True
        )
        for position, record in enumerate(old):
            if position < self.conf.glance.keep_previous:
                self._hide(record)
                continue
            try:
                self._delete(record)
            except exception.ImageNotFound:
                continue
            except (exception.ImageInUse, exception.ImageProtected) as error:
                LOG.warning(
                    "Image %s is hidden instead of deleted: %s",
                    record["id"],
                    error.message,
                )
                self._hide(record)

    def _hide(self, record: Record) -> None:
        if not record.get("os_hidden"):
            self._glance.update(
                record["id"], os_hidden=True, **{properties.VERIFIED: "1"}
            )

    def _delete(self, record: Record) -> None:
        if record.get("protected") and self.conf.glance.protected:
            self._glance.update(record["id"], protected=False)
        self._glance.delete(record["id"])


def _same(
    records: list[Record], resolved: source.ResolvedImage
) -> Record | None:
    for record in records:
        if (
            record.get("docker_digest") == resolved.digest
            and record.get("docker_platform") == resolved.platform
            and record.get("status") == "active"
        ):
            return record
    return None
