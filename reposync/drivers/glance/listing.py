# SPDX-License-Identifier: Apache-2.0
"""Which images of a cloud the catalogue shows, and in which order.

The images of the service's own project, and those that are for everybody:
public and community ones.  To an administrator's account Glance shows those
of all projects, so what is shown is chosen here, whatever the account sees.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import datetime
import heapq
from typing import Any

from reposync import exception
from reposync.drivers.glance import client

Record = client.Record

#: Glance lists these one at a time only; each image belongs to one of them.
_OWN, _PUBLIC, _COMMUNITY = _PARTS = range(3)
_SECONDS = len("2026-01-01T00:00:00")
#: Greater than any time.
_LAST = "~"


class Listing:
    """Shows and lists images; one for all threads."""

    def __init__(self, glance: client.GlanceClient):
        """Store how to ask."""
        self._glance = glance

    def image(self, image_id: str) -> Record:
        """Show an image.

        :raises ImageNotFound: there is none, or it belongs to others; the
            text does not tell which
        """
        try:
            record = self._glance.image(image_id)
        except exception.ImageNotFound as error:
            raise _not_found(image_id) from error
        if _part(record, self._glance.project_id) is None:
            raise _not_found(image_id)
        return record

    def images(self, marker: str | None = None) -> Iterator[Record]:
        """List images, newest first.

        Those of one second come part by part, as Glance tells seconds only;
        within a part they come as Glance has them, which knows better.

        :param marker: id of the image after which the list goes on
        :raises ImageNotFound: no image that is shown has the marker's id
        """
        after = None if marker is None else self.image(marker)
        parts = [self._listed(part, after) for part in _PARTS]
        return heapq.merge(*parts, key=_second, reverse=True)

    def _listed(self, part: int, after: Record | None) -> Iterator[Record]:
        project_id = self._glance.project_id
        query, end = _query(part, project_id), _LAST
        if after is not None:
            place = _part(after, project_id)
            if place == part:
                query["marker"] = after["id"]
            else:
                # Of the marker's second all of an earlier part were shown,
                # and none of a later one.
                is_later = place is not None and part > place
                end = _second(after) + (_LAST if is_later else "")
                query |= _before(_second(after), is_later)
        for record in self._glance.images(**query):
            # Looked at again: some clouds ignore what they cannot choose by.
            if _part(record, project_id) == part and _second(record) < end:
                yield record


def _part(record: Mapping[str, Any], project_id: str | None) -> int | None:
    """Tell to which part an image belongs; None if it is not shown."""
    if project_id and record.get("owner") == project_id:
        return _OWN
    visibility = str(record.get("visibility"))
    return {"public": _PUBLIC, "community": _COMMUNITY}.get(visibility)


def _query(part: int, project_id: str | None) -> dict[str, str]:
    if part == _OWN:
        return {"owner": str(project_id)}
    return {"visibility": "public" if part == _PUBLIC else "community"}


def _second(record: Mapping[str, Any]) -> str:
    return str(record.get("created_at") or "")[:_SECONDS]


def _before(second: str, is_later: bool) -> dict[str, str]:
    """Ask for images made before a second, or before the one after it."""
    try:
        end = datetime.datetime.fromisoformat(second)
        end += datetime.timedelta(seconds=int(is_later))
    except (OverflowError, ValueError):
        return {}
    return {"created_at": f"lt:{end.isoformat()}Z"}


def _not_found(image_id: str) -> exception.ImageNotFound:
    return exception.ImageNotFound(f"No image has the id {image_id[:64]!r}")
