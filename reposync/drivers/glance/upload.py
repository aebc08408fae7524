# SPDX-License-Identifier: Apache-2.0
"""Stores the data of an image in Glance, and makes sure that it is whole.

Which hash Glance computes (``hashing_algorithm``) shows only in the record of
an image that has data.  So the archive is hashed with what the last record
named; if Glance names another one, the data is read back once, and the next
image is hashed as Glance does.
"""

from collections.abc import Callable
from collections.abc import Iterable
import time

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync.drivers import hashed
from reposync.drivers.glance import client
from reposync.sources import base as source

LOG = log.getLogger(__name__)

Record = client.Record
Check = Callable[[], None]

#: What an image is while its data is on the way into the store.
_STORING = frozenset({"saving", "uploading", "importing"})
#: Seconds for a change to be seen on all servers of a cloud.
_SPREAD = 10.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0


class Uploader:
    """Uploads and compares; one for all threads."""

    def __init__(self, conf: cfg.ConfigOpts, glance: client.GlanceClient):
        """Begin with Glance's default hash."""
        self._conf = conf
        self._glance = glance
        self._algorithm = hashed.DEFAULT
        self._is_sure = False

    def expect(self, records: Iterable[Record]) -> None:
        """Look at images, the newest first, before anything is uploaded."""
        if self._is_sure:
            return
        for record in records:
            if found := _hash_of(record):
                self._algorithm = found[0]
                return

    def store(
        self, image_id: str, archive: source.Archive, check: Check
    ) -> Record:
        """Upload an archive; returns the record when all is in the store.

        :param check: called while Glance is waited for; may raise
        :raises ImageDamaged: Glance stored something else
        :raises CatalogueError: it refused, or failed
        """
        pieces = hashed.Hashed(archive, self._algorithm)
        trouble: exception.ReposyncError | None = None
        try:
            self._glance.upload(image_id, pieces, archive.size)
        except exception.CatalogueUnavailable as error:
            if not pieces.complete:
                raise
            # A proxy in between lost patience, perhaps; Glance has it all.
            trouble = error
        record = self._settled(image_id, trouble, check)
        self._compare(record, pieces, check)
        return record

    def _settled(
        self,
        image_id: str,
        trouble: exception.ReposyncError | None,
        check: Check,
    ) -> Record:
        """Wait until the image is active."""
        begun = time.monotonic()
        pause = _FIRST_PAUSE
        while True:
            record, problem = self._look(image_id)
            status = record.get("status")
            if status == "active":
                return record
            age = time.monotonic() - begun
            if status in _STORING:
                over = age > self._conf.glance.upload_timeout
            else:
                # Not there yet, or as before the upload: another server of
                # the cloud may know more.  After a failure it is the failure.
                unseen = status in (None, "queued")
                is_told = trouble is not None and status == "queued"
                over = not unseen or is_told or age > _SPREAD
            if over:
                raise trouble or problem or _unfinished(status)
            LOG.debug("Image %s is %s after the upload", image_id, status)
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            check()

    def _look(
        self, image_id: str
    ) -> tuple[Record, exception.ReposyncError | None]:
        try:
            return self._glance.image(image_id), None
        except exception.ImageNotFound:
            return {}, exception.CatalogueUnavailable(
                "The new image was deleted while it was uploaded"
            )
        except exception.CatalogueUnavailable as error:
            return {}, error

    def _compare(
        self, record: Record, sent: hashed.Hashed, check: Check
    ) -> None:
        if record.get("size") != sent.size:
            raise _damaged("size", record.get("size"), sent.size)
        found = _hash_of(record)
        if found is None:
            LOG.debug("Glance names no hash of %s", record["id"])
            return
        algorithm, value = found
        if algorithm != sent.algorithm:
            self._read_back(record["id"], sent, check)
        elif value != sent.hexdigest():
            raise _damaged(algorithm, value, sent.hexdigest())
        self._algorithm, self._is_sure = algorithm, True

    def _read_back(
        self, image_id: str, sent: hashed.Hashed, check: Check
    ) -> None:
        pieces = self._glance.download(image_id)
        stored = hashed.Hashed(pieces, sent.algorithm)
        try:
            looked = time.monotonic()
            for _ in stored:
                if time.monotonic() > looked + _LONGEST_PAUSE:
                    looked = time.monotonic()
                    check()
        except exception.CatalogueUnavailable:
            raise
        except exception.CatalogueError as error:
            # Some clouds let nobody read images back.
            LOG.warning(
                "Image %s is compared by its size alone: %s",
                image_id,
                error.message,
            )
            return
        if stored.hexdigest() != sent.hexdigest():
            raise _damaged(
                sent.algorithm, stored.hexdigest(), sent.hexdigest()
            )


def _hash_of(record: Record) -> tuple[str, str] | None:
    """Give the hash by which an image can be compared, if there is one."""
    algorithm = str(record.get("os_hash_algo") or "").lower()
    value = record.get("os_hash_value")
    if value and algorithm and hashed.is_known(algorithm):
        return algorithm, str(value).lower()
    checksum = record.get("checksum")
    if checksum and hashed.is_known("md5"):
        return "md5", str(checksum).lower()
    return None


def _damaged(what: str, found: object, sent: object) -> exception.ImageDamaged:
    return exception.ImageDamaged(
        f"Glance stored something else than was sent: {what} is {found} "
        f"instead of {sent}"
    )


def _unfinished(status: object) -> exception.ReposyncError:
    if status in _STORING or status == "queued":
        return exception.CatalogueUnavailable(
            f"Glance took the whole image, which is still {status}. Look "
            "into the log of glance-api and at its store"
        )
    return _damaged("status", status, "active")
