# SPDX-License-Identifier: Apache-2.0
"""Waits for a registry that is behind what its own webhook told.

Registries send the webhook when they have taken a push, and serve it a little
later where replicas, caches or mirrors stand between.  Nobody waits here: the
operation goes back into the queue, and the registry is asked again, soon at
first.  When the time is over, what the registry has counts: the webhook was a
hint, and there may have been another push meanwhile.
"""

from collections.abc import Iterator
import contextlib

from oslo_log import log

from reposync import exception
from reposync import reference as ref
from reposync.conductor import job as conductor_job
from reposync.db.queue import deduplication
from reposync.sources import base as source

LOG = log.getLogger(__name__)

#: Seconds between two looks, at least and at most.
_SHORTEST = 1.0
_LONGEST = 10.0


class Settling:
    """What was told of an image, and for how long it may not be true yet."""

    def __init__(self, job: conductor_job.Job):
        """Store the operation."""
        self._job = job
        self._digest = job.operation.announced_digest

    @property
    def remaining(self) -> float:
        """Seconds for which the registry may be behind; 0 if it may not."""
        row = self._job.operation
        if row.settle_until is None:
            return 0.0
        # Both by the clock of the database; `updated_at` is of the claim.
        left = (row.settle_until - row.updated_at) / 1000
        return max(0.0, left - self._job.age)

    @contextlib.contextmanager
    def pushed(self, reference: ref.Reference) -> Iterator[None]:
        """Read an image; what is not found may still come.

        :raises RegistryBehind: it is not there yet
        """
        try:
            yield
        except exception.ReferenceNotFound as error:
            if self.remaining:
                raise self._behind(error.message) from error
            raise

    def expect(self, resolved: source.ResolvedImage) -> None:
        """Compare what a tag points at with what was pushed.

        What was pushed may also be the manifest of the platform, within the
        index that the tag points at.

        :raises RegistryBehind: it is something else, and may still change
        """
        if not self._differs(resolved.digest) or self._is_within(resolved):
            return
        said = (
            f"{resolved.reference} is {resolved.digest} in its registry, and "
            f"not yet {self._digest} as its webhook told"
        )
        if self.remaining:
            raise self._behind(said)
        LOG.warning("%s; what the registry has is taken", said)

    def expect_gone(
        self, reference: ref.Reference, digest: str | None
    ) -> None:
        """Look whether a tag that is there may be the one that was deleted.

        :param digest: what it points at; None if nobody knows
        :raises RegistryBehind: it may still go
        """
        if digest is not None and self._differs(digest):
            # It was pushed again.
            return
        if self.remaining:
            raise self._behind(
                f"{reference} is still in its registry, though its webhook "
                "told that it is gone"
            )

    def passed_on(self) -> deduplication.Announcement | None:
        """Give what was told, for an operation that is made of this one."""
        if not self.remaining:
            return None
        return deduplication.Announcement(self._digest, self.remaining)

    def _is_within(self, resolved: source.ResolvedImage) -> bool:
        try:
            return resolved.manifest() == self._digest
        except (exception.PlatformNotFound, exception.ImageUnsupported):
            # Of the old image, as long as there may be a new one.
            return False

    def _differs(self, digest: str) -> bool:
        if self._digest is None:
            return False
        # The registry's webhook may hash in another way than its tags.
        same_kind = self._digest.partition(":")[0] == digest.partition(":")[0]
        return same_kind and self._digest != digest

    def _behind(self, said: str) -> exception.RegistryBehind:
        row = self._job.operation
        left = self.remaining
        waited = (row.updated_at - row.created_at) / 1000 + self._job.age
        pause = min(max(waited / 2, _SHORTEST), _LONGEST, left)
        return exception.RegistryBehind(
            f"{said}. The registry is asked again for {left:.0f} s more",
            retry_after=pause,
        )
