# SPDX-License-Identifier: Apache-2.0
"""The images of one name and tag, and which of them users find.

The current image has the name of the reference, and no other can have it:
names are unique for each owner.  A new image waits under ``NAME.new-...``,
and former ones that have to stay are ``NAME.old-...``.  An attribute says
the same, so that lists show neither.  An attempt that died leaves images in
one of few states, and `Shelf.tidy` knows them all:

* a new one under its own name: it may not be complete, so it is deleted;
* a new or a former one that has the name already: it had been confirmed, so
  it is marked as current;
* none that has the name, because the former one gave it up: it gets the
  name back;
* two that are marked as current: the one with the name is.

OpenNebula deletes no image that it still copies.  So a new one may stay for
a while, and whoever looks at the name next deletes it.
"""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import contextlib
import dataclasses

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync import reference as ref
from reposync.drivers.opennebula import client as opennebula_client
from reposync.drivers.opennebula import image as one_image
from reposync.drivers.opennebula import names as opennebula_names
from reposync.drivers.opennebula.xmlrpc import refusals
from reposync.sources import base as source

LOG = log.getLogger(__name__)

Record = one_image.Record

_KEPT = (
    exception.ImageBusy,
    exception.ImageInUse,
    exception.ImageProtected,
)


class Shelf:
    """Keeps the images of one name and tag in order.

    :param records: the service's images of that name and tag
    :param others: all other images of the account
    :ivar name: of the current image
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        client: opennebula_client.OpenNebulaClient,
        names: opennebula_names.Names,
        reference: ref.Reference,
        records: Sequence[Record],
        others: Sequence[Record],
    ):
        """Begin with what OpenNebula lists."""
        self._keep = conf.opennebula.keep_previous
        self._client = client
        self._records = {record.id: record for record in records}
        self._current: Record | None = None
        self._shown = False
        self._others = others
        self.name = self._choose(names, reference)

    def tidy(self) -> Record | None:
        """Finish or undo what an attempt left that died.

        :returns: the current image, if there is one
        """
        for record in self._living(one_image.NEW, one_image.OLD):
            if record.name == self.name and record.usable:
                self.show(record)
            elif record.stage == one_image.NEW:
                LOG.info("Removing the unfinished image %d", record.id)
                self._discard(record.id)
        found = max(
            self._living(one_image.CURRENT),
            key=lambda record: (record.name == self.name, record.id),
            default=None,
        )
        if found is not None:
            self.show(found)
        return self._current

    def check(self) -> None:
        """Look whether a new image can be shown, before it is fetched.

        :raises ImageProtected: the current image is locked
        :raises CatalogueError: an image of somebody else has the name
        """
        for record in self._records.values():
            if record.name == self.name and record.state != "delete":
                refusals.check_lock(record)
        refusals.check_name(self.name, self._others)

    def follow(
        self, resolved: source.ResolvedImage, check: Callable[[], None]
    ) -> bool:
        """Tell whether the current image is what the registry holds.

        If so, what its tag points at now is written down, unless somebody
        has locked the image.
        """
        if (record := self._current) is None:
            return False
        changes = one_image.changes(record, resolved)
        if changes and not record.locked:
            check()
            self._client.change(self._client.setting(record.id, **changes))
            attributes = dict(record.attributes) | changes
            record = dataclasses.replace(record, attributes=attributes)
            self._records[record.id] = self._current = record
        return changes is not None

    def kept(self, resolved: source.ResolvedImage) -> Record | None:
        """Find a former image that is what the registry holds now."""
        # One that is still marked as current is so by an attempt that died.
        for record in self._living(one_image.CURRENT, one_image.OLD):
            if (
                record.usable
                and not record.locked
                and one_image.is_same(record, resolved)
            ):
                return record
        return None

    @contextlib.contextmanager
    def undone(self, image_id: int) -> Iterator[None]:
        """Delete a new image if anything fails before it is shown."""
        self._shown = False
        try:
            yield
        except BaseException:
            if not self._shown:
                self._discard(image_id)
            raise

    def show(self, record: Record) -> None:
        """Make an image the current one.

        :raises CatalogueError: it cannot be; the former one still is
        """
        moved = [
            other
            for other in self._records.values()
            if other.name == self.name and other.id != record.id
        ]
        changes = [
            self._client.renaming(
                other.id, opennebula_names.old(self.name, other.id)
            )
            for other in moved
        ]
        if record.name != self.name:
            changes.append(self._client.renaming(record.id, self.name))
        if record.stage != one_image.CURRENT:
            changes.append(self._marking(record, one_image.CURRENT))
        try:
            self._client.change(*changes)
        except (exception.CatalogueUnavailable, exception.ImageNotFound):
            # Nobody knows how far it came: the next attempt looks.
            self._shown = True
            raise
        except BaseException:
            self._put_back(moved)
            raise
        self._shown = True
        for other in moved:
            name = opennebula_names.old(self.name, other.id)
            self._records[other.id] = dataclasses.replace(other, name=name)
        self._current = self._note(record, one_image.CURRENT, self.name)

    def retire(self, check: Callable[[], None]) -> Record:
        """Delete former images, or keep them under names of their own.

        Those that machines use, that are locked, or that OpenNebula works
        on, are kept until an update finds them free.

        :param check: called before anything is deleted; may raise
        :returns: the current image
        """
        if self._current is None:
            raise RuntimeError("there is no current image")
        former = [
            record
            for record in self._living(one_image.CURRENT, one_image.OLD)
            if record.id != self._current.id
        ]
        if former:
            check()
        for position, record in enumerate(former):
            if position < self._keep:
                self._hide(record)
                continue
            try:
                self._client.delete(record.id)
            except exception.ImageNotFound:
                continue
            except _KEPT as error:
                LOG.warning(
                    "Image %d is kept for now: %s", record.id, error.message
                )
                # A locked one can be renamed no more than deleted.
                with contextlib.suppress(exception.ImageProtected):
                    self._hide(record)
        for record in self._living(one_image.NEW):
            self._discard(record.id)
        return self._current

    def _choose(
        self, names: opennebula_names.Names, reference: ref.Reference
    ) -> str:
        """Choose the name of the current image.

        It goes on with a name it has, also with one that earlier releases
        gave it.  Another image of the service that has the name keeps it,
        too; databases may take capitals for small letters.
        """
        held = {record.name for record in self._living()}
        if (name := names.held(reference, held)) is not None:
            return name
        plain, hashed = names.plain(reference), names.hashed(reference)
        user = self._client.user
        taken = {
            record.name.casefold()
            for record in self._others
            if one_image.is_ours(record, user)
        }
        return hashed if plain.casefold() in taken else plain

    def _living(self, *stages: str) -> list[Record]:
        """List images of stages, or all, newest first, none being deleted."""
        found = [
            record
            for record in self._records.values()
            if (not stages or record.stage in stages)
            and record.state != "delete"
        ]
        return sorted(found, key=lambda record: record.id, reverse=True)

    def _hide(self, record: Record) -> None:
        name = opennebula_names.old(self.name, record.id)
        changes = []
        if record.name != name:
            changes.append(self._client.renaming(record.id, name))
        if record.stage != one_image.OLD:
            changes.append(self._marking(record, one_image.OLD))
        self._client.change(*changes)
        self._note(record, one_image.OLD, name)

    def _marking(self, record: Record, stage: str) -> tuple[object, ...]:
        # Those of the seed get the marker with it.
        return self._client.setting(
            record.id, **{one_image.MARKER: "YES", one_image.STAGE: stage}
        )

    def _note(self, record: Record, stage: str, name: str) -> Record:
        attributes = dict(record.attributes) | {one_image.STAGE: stage}
        noted = dataclasses.replace(record, name=name, attributes=attributes)
        self._records[record.id] = noted
        return noted

    def _put_back(self, moved: Sequence[Record]) -> None:
        for record in moved:
            try:
                self._client.change(
                    self._client.renaming(record.id, self.name)
                )
            except exception.ReposyncError as error:
                # It had kept the name, or the next attempt gives it back.
                LOG.info(
                    "Image %d was not renamed: %s", record.id, error.message
                )

    def _discard(self, image_id: int) -> None:
        try:
            self._client.delete(image_id)
        except exception.ImageNotFound:
            pass
        except exception.ReposyncError as error:
            # The next attempt for the same name finds and removes it.
            LOG.warning(
                "The unfinished image %d remains for now: %s",
                image_id,
                error.message,
            )
            return
        self._records.pop(image_id, None)
