# SPDX-License-Identifier: Apache-2.0
"""Which images of an OpenNebula the catalogue shows.

An account of the group ``oneadmin`` is shown all images of all users.  So
what is shown is chosen here, by the rights of the images themselves, as if the
account were any other.
"""

from collections.abc import Iterator

from reposync import exception
from reposync.drivers.opennebula import client as opennebula_client
from reposync.drivers.opennebula import image as one_image

Record = one_image.Record

_USE = 4


class View:
    """Shows and lists images; one for all threads.

    :param pool: one of `opennebula_client.POOLS`
    """

    def __init__(self, client: opennebula_client.OpenNebulaClient, pool: str):
        """Store how to ask."""
        self._client = client
        self._pool = pool

    def image(self, image_id: str) -> Record:
        """Show an image.

        :raises ImageNotFound: there is none, or it is not shown; the text
            does not tell which
        """
        try:
            record = self._client.image(image_id)
        except exception.ImageNotFound as error:
            raise opennebula_client.unknown(image_id) from error
        if not _Eyes(self._client, self._pool).see(record):
            raise opennebula_client.unknown(image_id)
        return record

    def images(self, marker: str | None = None) -> Iterator[Record]:
        """List images, newest first.

        :param marker: id of the image after which the list goes on
        :raises ImageNotFound: no image that is shown has the marker's id
        """
        last = None if marker is None else self.image(marker).id
        eyes = _Eyes(self._client, self._pool)
        for record in self._client.images(self._pool):
            if (last is None or record.id < last) and eyes.see(record):
                yield record


class _Eyes:
    """One look; asks for the account's groups if they matter."""

    def __init__(self, client: opennebula_client.OpenNebulaClient, pool: str):
        self._client = client
        self._pool = pool
        self._user = client.user
        self._groups: list[int] | None = None

    def see(self, record: Record) -> bool:
        if record.owner == self._user:
            return True
        group, others = (int(digit) & _USE for digit in record.mode[1:])
        if self._pool == "mine" or not (group or others):
            return False
        return bool(self._pool == "all" and others) or self._is_in(record)

    def _is_in(self, record: Record) -> bool:
        """Tell whether an image is of one of the account's groups."""
        if self._groups is None:
            found = self._client.groups()
            self._groups = found[:1] if self._pool == "group" else found
        return record.group in self._groups
