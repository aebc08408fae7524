# SPDX-License-Identifier: Apache-2.0
"""Why an image may not be changed, where OpenNebula does not say it."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
import contextlib
import time

from oslo_log import log

from reposync import exception
from reposync.drivers.opennebula import image as one_image

LOG = log.getLogger(__name__)

#: Seconds after which nobody may be copying an image any more.
_LONG = 6 * 3600


class Refusals:
    """Says it, from what OpenNebula shows of the images.

    :param show: gives an image by its id
    """

    def __init__(self, show: Callable[[str], one_image.Record]):
        """Begin with nothing told."""
        self._show = show
        self._told: set[int] = set()

    @contextlib.contextmanager
    def explained(self, *image_ids: int) -> Iterator[None]:
        """Look at images when something was refused.

        :raises ImageProtected: somebody has locked one: to accounts,
            OpenNebula only says that they may not manage it
        :raises ImageBusy: OpenNebula is still copying it
        """
        try:
            yield
        except (exception.CatalogueDenied, exception.ImageProtected):
            for image_id in image_ids:
                check_lock(self._show(str(image_id)))
            raise
        except exception.ImageBusy:
            self._look(self._show(str(image_ids[0])))
            raise

    def _look(self, record: one_image.Record) -> None:
        """Say once of an image that nobody seems to copy it any more."""
        if time.time() - record.registered < _LONG:
            return
        error = exception.ImageBusy(
            f"OpenNebula copies image {record.id} ({record.name}) since "
            f"{one_image.moment(record)}. If it was restarted meanwhile, "
            "nobody ends that: then let oneadmin remove the image with "
            f"oneimage delete --force {record.id}"
        )
        if record.id not in self._told:
            self._told.add(record.id)
            LOG.warning("%s", error.message)
        raise error


def check_name(name: str, others: Iterable[one_image.Record]) -> None:
    """Look whether a name is free.

    :raises CatalogueError: an image of somebody else has it
    """
    for record in others:
        if record.name == name:
            raise exception.CatalogueError(
                f"Image {record.id} has the name {name}. Rename it, or change "
                "name_template in [opennebula]"
            )


def check_lock(record: one_image.Record) -> None:
    """Refuse to change an image that somebody has locked.

    :raises ImageProtected: it is locked
    """
    if record.locked:
        raise exception.ImageProtected(
            f"Somebody has locked image {record.id} ({record.name}). Unlock "
            f"it with oneimage unlock {record.id}"
        )
