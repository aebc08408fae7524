# SPDX-License-Identifier: Apache-2.0
"""Images in Glance that are current no longer, or never were."""

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync.drivers.glance import client
from reposync.drivers.glance import properties

LOG = log.getLogger(__name__)

Record = client.Record


class Shelf:
    """Hides and deletes images of this service."""

    def __init__(self, conf: cfg.ConfigOpts, glance: client.GlanceClient):
        """Store what it needs."""
        self._conf = conf
        self._glance = glance

    def remove_dead(self, hidden: list[Record]) -> list[Record]:
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
                self.discard(record["id"])
        return kept

    def retire(self, old: list[Record]) -> None:
        """Hide or delete predecessors; those in use or protected are hidden.

        What cannot be done for other reasons is raised: until it is done,
        users would find two images of one name.
        """
        old.sort(
            key=lambda record: str(record.get("created_at")), reverse=True
        )
        for position, record in enumerate(old):
            if position < self._conf.glance.keep_previous:
                self._hide(record)
                continue
            try:
                self.delete(record)
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

    def delete(self, record: Record) -> None:
        """Delete an image, also one that the service itself protects."""
        if record.get("protected") and self._conf.glance.protected:
            self._glance.update(record["id"], protected=False)
        self._glance.delete(record["id"])

    def discard(self, image_id: str) -> None:
        """Delete what is not shown yet, if it can be."""
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
