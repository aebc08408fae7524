# SPDX-License-Identifier: Apache-2.0
"""Keeps images in a datastore of OpenNebula."""

from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import AbstractContextManager
import functools

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync import filters
from reposync import reference as ref
from reposync.drivers import base
from reposync.drivers import moved
from reposync.drivers.opennebula import client
from reposync.drivers.opennebula import creator
from reposync.drivers.opennebula import datastores
from reposync.drivers.opennebula import image as one_image
from reposync.drivers.opennebula import names
from reposync.drivers.opennebula import sharing
from reposync.drivers.opennebula import versions
from reposync.drivers.opennebula import view
from reposync.sources import base as source

LOG = log.getLogger(__name__)

Record = one_image.Record


class OpenNebulaDriver(base.Driver):
    """An account's images in OpenNebula.

    New content is a new image under a name of its own.  When OpenNebula has
    fetched it, it gets the name by which users find it, and only then is its
    predecessor deleted, or kept under another name.

    OpenNebula chooses the ids of images, so one is announced as soon as it
    is made.  If the process dies in between, the next update of the name
    finds and removes the image.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        super().__init__(conf)
        self._client = client.OpenNebulaClient(conf)
        self._names = names.Names(conf.opennebula.name_template)
        self._sharing = sharing.Sharing(conf, self._client)
        self._view = view.View(self._client, conf.opennebula.pool)
        self._maker = creator.Maker(conf, self._client)

    def check(self) -> None:
        """See `base.Driver.check`."""
        conf = self.conf.opennebula
        version = self._client.version()
        datastore = self._client.datastore(conf.datastore)
        for warning in datastores.warnings(conf.path, version, datastore):
            LOG.warning(
                "The datastore %s of OpenNebula %s: %s",
                conf.datastore,
                version,
                warning,
            )
        self._sharing.check()

    def images(
        self, image_filter: filters.ImageFilter, marker: str | None = None
    ) -> Iterator[base.Image]:
        """See `base.Driver.images`."""
        for record in self._view.images(marker):
            if record.state == "delete" or record.stage != one_image.CURRENT:
                continue
            image = one_image.to_image(record)
            if image_filter.matches(image):
                yield image

    def current(self, platform: str) -> Mapping[str, base.Image]:
        """See `base.Driver.current`."""
        found: dict[str, list[Record]] = {}
        for record in self._ours():
            found.setdefault(record.key, []).append(record)
        return {
            key: one_image.to_image(records[0])
            for key, records in found.items()
            if self._is_in_order(key, records, platform)
        }

    def image(self, image_id: str) -> base.Image:
        """See `base.Driver.image`."""
        return one_image.to_image(self._view.image(image_id))

    def delete(self, image_id: str) -> None:
        """See `base.Driver.delete`."""
        record = self._view.image(image_id)
        if not one_image.is_ours(record, self._client.user):
            raise exception.ImageNotManaged(
                f"Image {image_id} was not made by this service; delete it "
                "in OpenNebula"
            )
        self._client.delete(record.id)

    def discard(self, image_id: str) -> bool:
        """See `base.Driver.discard`."""
        try:
            record = self._client.image(image_id)
            if record.stage == one_image.NEW and one_image.is_ours(
                record, self._client.user
            ):
                LOG.info("Removing the unfinished image %s", image_id)
                self._client.delete(record.id)
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
        shelf = self._shelf(reference)
        self._maker.remove_dead()
        old = shelf.tidy()
        outcome: base.Outcome = "unchanged"
        if not (old and old.stands and shelf.follow(resolved, commit.check)):
            outcome = "updated" if old else "created"
            shelf.check()
            # Whatever is refused, it is before the image was fetched.
            self._sharing.check(reference)
            if old is not None:
                self._sharing.keep(reference, old)
            # What the source could not tell, its archive does.
            compared = moved.compared(
                archive, functools.partial(_same_image, old)
            )
            try:
                self._renew(shelf, reference, resolved, compared, commit)
            except moved.Same as same:
                shelf.follow(same.found, commit.check)
                outcome = "unchanged"
        current = self._sharing.keep(reference, shelf.retire(commit.check))
        return one_image.to_image(current), outcome

    def _shelf(self, reference: ref.Reference) -> versions.Shelf:
        key = f"{reference.name}:{reference.tag}"
        user = self._client.user
        records, others = [], []
        for record in self._client.images("mine"):
            if one_image.is_ours(record, user) and record.key == key:
                records.append(record)
            else:
                others.append(record)
        return versions.Shelf(
            self.conf, self._client, self._names, reference, records, others
        )

    def _renew(
        self,
        shelf: versions.Shelf,
        reference: ref.Reference,
        resolved: source.ResolvedImage,
        archive: AbstractContextManager[source.Archive],
        commit: base.Commit,
    ) -> None:
        kept = shelf.kept(resolved)
        if kept is not None:
            # The tag went back to what it pointed at before.
            commit(one_image.to_image(kept))
            shelf.show(kept)
            return
        made = self._maker.make(reference, resolved, archive, shelf.name)
        with made as new, shelf.undone(new):
            commit.begin(str(new))
            record = self._maker.wait(new)
            commit(one_image.to_image(record))
            shelf.show(self._sharing.keep(reference, record))

    def _ours(self) -> Iterator[Record]:
        user = self._client.user
        for record in self._client.images("mine"):
            if one_image.is_ours(record, user):
                yield record

    def _is_in_order(
        self, key: str, records: list[Record], platform: str
    ) -> bool:
        """Tell whether a name needs nothing but to be looked at."""
        records = [each for each in records if each.state != "delete"]
        if not records or any(
            record.stage != one_image.OLD for record in records[1:]
        ):
            return False
        # A former image that has to stay is no reason to come back.
        kept = [
            record
            for record in records[1:]
            if not (record.running or record.locked)
        ]
        first = records[0]
        return (
            len(kept) <= self.conf.opennebula.keep_previous
            and first.stage == one_image.CURRENT
            and (first.usable or first.state == "disabled")
            and first.attributes.get("DOCKER_PLATFORM") == platform
            and self._is_shared_right(key, first)
        )

    def _is_shared_right(self, key: str, record: Record) -> bool:
        try:
            reference = ref.Reference.parse(key)
        except exception.InvalidReference:
            # Somebody changed the attributes: nothing to compare.
            return False
        return self._sharing.is_kept(reference, record)


def _same_image(
    record: Record | None, resolved: source.ResolvedImage
) -> source.ResolvedImage | None:
    if record is None or not record.stands:
        return None
    is_other = one_image.changes(record, resolved) is None
    return None if is_other else resolved
