# SPDX-License-Identifier: Apache-2.0
"""Glance's Image API v2, by way of openstacksdk.

https://docs.openstack.org/api-ref/image/v2/
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import contextlib
import time
from typing import Any

from reposync import exception
from reposync.drivers.glance import answers
from reposync.drivers.glance import errors
from reposync.drivers.glance import session

_PAGE = 500
_PIECE = 1024 * 1024
#: How often a change is tried that meets another one, and seconds between.
_PATCHES = 3
_PAUSE = 0.5
#: Whoever does not know it has no such images, and refuses to list them.
_NEW = ("community",)
_PATCH = "application/openstack-images-v2.1-json-patch"

Record = dict[str, Any]


class GlanceClient(session.GlanceSession):
    """What the driver asks of Glance; one for all threads."""

    def container_formats(self) -> list[str] | None:
        """Tell which kinds of containers this cloud takes, if it says."""
        try:
            schema = self._json(self._call("GET", "/schemas/image"))
        except exception.ImageNotFound:
            return None
        try:
            return list(schema["properties"]["container_format"]["enum"])
        except (KeyError, TypeError):
            return None

    def images(self, **query: str) -> Iterator[Record]:
        """List images, newest first, page by page.

        An image that is deleted meanwhile does not end the list.

        :raises ImageNotFound: the marker is unknown
        """
        query = {
            "sort": "created_at:desc,id:desc",
            "limit": str(_PAGE),
        } | query
        earlier: list[str] = []
        ends: set[str] = set()
        while True:
            answer = self._call("GET", "/images", params=query)
            if answer.status_code == 400 and answers.corrected(query, earlier):
                continue
            if answer.status_code == 400 and query.get("visibility") in _NEW:
                return
            page = self._json(answer)
            found = answers.records(page)
            # Some still list what is deleted already, or half deleted.
            yield from (each for each in found if not answers.is_gone(each))
            # Not every front hands the address of the next page on.
            more = page.get("next") or len(found) >= _PAGE
            if not more or not found:
                return
            earlier += [each["id"] for each in found]
            query["marker"] = earlier.pop()
            if query["marker"] in ends:
                raise answers.no_answer("a list whose pages repeat")
            ends.add(query["marker"])

    def image(self, image_id: str) -> Record:
        """Show an image.

        :raises ImageNotFound: there is none
        """
        found = self._record(self._call("GET", _path(image_id)))
        if answers.is_gone(found):
            raise exception.ImageNotFound(f"Image {image_id} is deleted")
        return found

    def create(self, body: Mapping[str, Any]) -> Record:
        """Make an image without data.

        :param body: with the ``id``, which nobody else has
        """
        answer = self._call("POST", "/images", json=dict(body))
        if answer.status_code == 409:
            # A proxy in between has sent it twice.
            return self.image(body["id"])
        return self._record(answer)

    def upload(
        self, image_id: str, pieces: Iterable[bytes], size: int | None
    ) -> None:
        """Store the data of an image; the pieces are read once.

        :param size: bytes in all, if known
        """
        self._renew_token()
        headers = {"Content-Type": "application/octet-stream"}
        if size is not None:
            headers["X-OpenStack-Image-Size"] = str(size)
        # If the token is refused now, to log in again and to repeat would
        # send what is left of the pieces as if it were all of them.
        answer = self._call(
            "PUT",
            f"{_path(image_id)}/file",
            data=Body(pieces, size),
            headers=headers,
            allow_reauth=False,
            connect_retries=0,
            redirect=False,
            timeout=(session.CONNECT, self._conf.glance.upload_timeout),
            log=False,
        )
        if answer.status_code == 401:
            self._connect().session.invalidate()
            raise exception.CatalogueUnavailable(
                "Glance refused the token at the upload; the next attempt "
                "gets a new one"
            )
        errors.check_upload(answer, image_id)

    def download(self, image_id: str) -> Iterator[bytes]:
        """Read the data of an image.

        :raises CatalogueError: this cloud does not let the account
        """
        with session.translated():
            answer = self._connect().image.request(
                f"{_path(image_id)}/file",
                "GET",
                raise_exc=False,
                stream=True,
                log=False,
                timeout=(
                    session.CONNECT,
                    self._conf.glance.upload_timeout,
                ),
            )
            with contextlib.closing(answer):
                errors.check(answer)
                yield from answer.iter_content(_PIECE)

    def update(self, image_id: str, **values: Any) -> Record:
        """Set attributes and properties of an image."""
        changes = [
            {"op": "add", "path": f"/{name}", "value": value}
            for name, value in values.items()
        ]
        for _ in range(_PATCHES):
            answer = self._call(
                "PATCH",
                _path(image_id),
                json=changes,
                headers={"Content-Type": _PATCH},
            )
            if answer.status_code != 409:
                return self._record(answer)
            # Somebody else changes it at the same moment.
            time.sleep(_PAUSE)
        raise exception.CatalogueUnavailable(
            f"Image {image_id} cannot be changed for now: "
            f"{errors.shorten(answer.text)}"
        )

    def delete(self, image_id: str) -> None:
        """Delete an image.

        :raises ImageNotFound: there is none
        :raises ImageProtected: it is protected
        :raises ImageInUse: something uses it
        """
        errors.check(self._call("DELETE", _path(image_id)))

    def members(self, image_id: str) -> set[str]:
        """List the projects an image is shared with."""
        path = f"{_path(image_id)}/members"
        found = self._json(self._call("GET", path))
        members = found.get("members")
        if not isinstance(members, list):
            raise answers.no_answer(str(found))
        return {
            str(each["member_id"])
            for each in members
            if isinstance(each, dict) and "member_id" in each
        }

    def add_member(self, image_id: str, project_id: str) -> None:
        """Share an image with a project."""
        path = f"{_path(image_id)}/members"
        answer = self._call("POST", path, json={"member": project_id})
        if answer.status_code != 409:
            errors.check(answer)

    def remove_member(self, image_id: str, project_id: str) -> None:
        """Share an image with a project no longer."""
        path = f"{_path(image_id)}/members/{project_id}"
        answer = self._call("DELETE", path)
        if answer.status_code != 404:
            errors.check(answer)

    def _record(self, answer: Any) -> Record:
        found = self._json(answer)
        if not answers.is_record(found):
            raise answers.no_answer(str(found))
        return found

    def _json(self, answer: Any) -> Record:
        errors.check(answer)
        return answers.read(answer)


class Body:
    """The body of an upload: read once, its length known if it can be.

    Whatever follows the last byte that was announced would be the next
    request to Glance.  So it is never sent.

    :param pieces: the bytes
    :param size: bytes in all, if known; then requests sends the length
    """

    def __init__(self, pieces: Iterable[bytes], size: int | None):
        """Store the pieces."""
        self._pieces: Iterable[bytes] | None = pieces
        self.len = size

    def __iter__(self) -> Iterator[bytes]:
        pieces, self._pieces = self._pieces, None
        if pieces is None:
            raise exception.CatalogueUnavailable(
                "The upload was to be sent a second time, from its middle"
            )
        return iter(pieces) if self.len is None else _exactly(pieces, self.len)


def _exactly(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Give as many bytes as were announced.

    :raises ArchiveDamaged: there are more, before they are given, or fewer
    """
    rest = size
    for piece in pieces:
        rest -= len(piece)
        if rest < 0:
            break
        yield piece
    if rest:
        raise exception.ArchiveDamaged(
            f"The archive does not have the {size} bytes that were announced "
            f"to Glance, but {'more' if rest < 0 else size - rest}"
        )


def _path(image_id: str) -> str:
    # Callers write it; Glance's identifiers are plain.
    if not image_id or not all(c.isalnum() or c in "-_" for c in image_id):
        raise exception.ImageNotFound(f"No image has the id {image_id[:64]!r}")
    return f"/images/{image_id}"
