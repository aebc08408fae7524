# SPDX-License-Identifier: Apache-2.0
"""Makes new images, which OpenNebula fetches by itself."""

from collections.abc import Iterator
import contextlib
from contextlib import AbstractContextManager
from pathlib import Path
import re
import time

from oslo_config import cfg
from oslo_utils import uuidutils

from reposync import exception
from reposync import reference as ref
from reposync.drivers.opennebula import client as opennebula_client
from reposync.drivers.opennebula import image as one_image
from reposync.drivers.opennebula import names
from reposync.drivers.opennebula import staging
from reposync.drivers.opennebula.xmlrpc import errors
from reposync.sources import base as source


class Maker:
    """Makes images in the datastore of the configuration."""

    def __init__(
        self, conf: cfg.ConfigOpts, client: opennebula_client.OpenNebulaClient
    ):
        """Store what it needs."""
        self._conf = conf.opennebula
        self._client = client
        directory = self._conf.directory
        self._outbox = staging.Outbox(
            Path(directory), self._conf.path_prefix or directory
        )
        self._more = {
            key.upper(): value for key, value in self._conf.attributes.items()
        }

    def remove_dead(self) -> None:
        """Remove archives that processes left that died."""
        if self._conf.path == "file":
            self._outbox.remove_dead()

    @contextlib.contextmanager
    def make(
        self,
        reference: ref.Reference,
        resolved: source.ResolvedImage,
        archive: AbstractContextManager[source.Archive],
        name: str,
    ) -> Iterator[int]:
        """Make an image; what OpenNebula fetches is gone with the context.

        :param name: of the current image; the new one gets another one
        :returns: the id
        """
        token = str(uuidutils.generate_uuid())[:8]
        named = {"NAME": names.new(name, token)}
        if self._conf.path == "docker":
            path = f"docker://{reference.name}:{reference.tag}"
            complete = resolved.complete()
            yield self._allocate(
                named
                | one_image.attributes(reference, complete)
                | {"PATH": path}
            )
            return
        with self._outbox.parcel() as parcel:
            with archive as opened:
                parcel.write(opened)
                complete = opened.resolved
            yield self._allocate(
                named
                | one_image.attributes(reference, complete, parcel.size)
                | {"PATH": parcel.where, "SHA1": parcel.sha1}
            )

    def wait(self, image_id: int) -> one_image.Record:
        """Wait until an image is ready.

        :raises CatalogueError: OpenNebula could not fetch it
        :raises CatalogueUnavailable: it takes too long, or the image is gone
        """
        deadline = time.monotonic() + self._conf.ready_timeout
        while True:
            try:
                record = self._client.image(str(image_id))
            except exception.ImageNotFound as error:
                raise exception.CatalogueUnavailable(
                    "The new image was deleted while OpenNebula fetched it"
                ) from error
            if record.usable:
                return record
            if record.state not in ("init", "locked"):
                said = record.attributes.get("ERROR", record.state)
                # It begins with a date.
                raise errors.failed_copy(re.sub(r"^.*?\d{4} : ", "", said))
            if time.monotonic() > deadline:
                raise exception.CatalogueUnavailable(
                    "OpenNebula did not fetch the image within "
                    f"{self._conf.ready_timeout} s. Look at its log, or "
                    "raise ready_timeout in [opennebula]"
                )
            time.sleep(self._conf.poll_interval)

    def _allocate(self, attributes: dict[str, str | None]) -> int:
        try:
            return self._client.allocate(
                self._more | attributes, self._conf.datastore
            )
        except ValueError as error:
            raise exception.CatalogueUnsuitable(
                f"attributes in [opennebula]: {error}"
            ) from error
        except exception.CatalogueError as error:
            if self._conf.path == "docker":
                raise errors.unmeasured(error) from error
            raise
