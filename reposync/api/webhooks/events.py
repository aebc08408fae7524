# SPDX-License-Identifier: Apache-2.0
"""Turns the events of a webhook into operations, or says why not."""

from collections.abc import Iterable
import dataclasses
from typing import Any

from oslo_config import cfg
from oslo_log import log

from reposync import keys
from reposync import reference as ref
from reposync import repositories
from reposync.api import submit
from reposync.api.webhooks import tally
from reposync.db import models
from reposync.db.queue import deduplication
from reposync.db.queue import operations
from reposync.db.webhooks import deliveries
from reposync.webhooks import attachments
from reposync.webhooks import base
from reposync.webhooks import callbacks
from reposync.webhooks import receivers

LOG = log.getLogger(__name__)

#: Why an event makes no operation.
REASONS = (
    "not_for_images",
    "attachment",
    "ping",
    "no_tag",
    "not_listed",
    "deletion_not_allowed",
    "repeated",
)


#: What there is to say of some reasons, where the event says nothing.
DETAILS = {
    "attachment": "By its tag it is a signature, an attestation or another "
    "thing that belongs to an image",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Ignored:
    """An event that makes no operation.

    :ivar reason: one of :data:`REASONS`
    """

    event: base.Event
    reason: str


Outcome = models.Operation | Ignored


class Handler:
    """Handles the events of all receivers.

    :ivar tally: counts what becomes of them
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        submitter: submit.Submitter,
        counted: tally.Tally,
    ):
        """Store what it needs."""
        self._conf = conf
        self._submitter = submitter
        self.tally = counted

    def handle(
        self,
        caller: Any,
        receiver: receivers.Receiver,
        events: Iterable[base.Event],
        body: bytes,
    ) -> list[Outcome]:
        """Make the operations of all events of one body.

        :param body: as it came
        :raises RepositoriesUnreadable: there is no list
        :raises DatabaseUnavailable: what was written before stays, and is
            known when the body comes again
        """
        listed = repositories.RepositoryList.load(self._conf.repositories.file)
        outcomes = []
        content = base.content_id(body) if receiver.signed else None
        for event in events:
            reason = _reason(event, listed)
            outcome = (
                Ignored(event, reason)
                if reason
                else self._accept(caller, receiver, event, content)
            )
            self._note(receiver, outcome)
            outcomes.append(outcome)
        return outcomes

    def _accept(
        self,
        caller: Any,
        receiver: receivers.Receiver,
        event: base.Event,
        content: str | None,
    ) -> Outcome:
        reference = _target(event)
        kind = "pull" if event.action == "push" else "delete"
        request = operations.Request(
            kind,
            keys.name_key(self._conf, reference),
            reference=str(reference),
            project_id=receiver.project_id,
            request_id=caller.request_id,
            announced=deduplication.Announcement(
                event.digest, self._conf.notify.settle_seconds
            ),
        )
        operation = self._submitter.deliver(
            caller, request, self._delivery(receiver, event, content)
        )
        return operation or Ignored(event, "repeated")

    def _delivery(
        self,
        receiver: receivers.Receiver,
        event: base.Event,
        content: str | None,
    ) -> deliveries.Delivery:
        url, known = event.callback_url, event.delivery_id

        def key(*parts: str) -> str:
            what = (event.action, str(_target(event)))
            return deliveries.key(receiver.name, *parts, *what)

        if not callbacks.allowed(url, self._conf.notify.callback_hosts):
            url = None
        return deliveries.Delivery(
            key(known) if known else None,
            url,
            key("content", content) if content else None,
        )

    def _note(self, receiver: receivers.Receiver, outcome: Outcome) -> None:
        if isinstance(outcome, Ignored):
            LOG.info(
                "Receiver %s: %s of %s is ignored: %s. %s",
                receiver.name,
                outcome.event.action,
                outcome.event.reference,
                outcome.reason,
                outcome.event.note or DETAILS.get(outcome.reason, ""),
            )
            self.tally.add(receiver.name, outcome.reason)
        else:
            self.tally.add(receiver.name, "accepted")


def is_attachment(event: base.Event) -> bool:
    """Tell whether an event is about what belongs to an image."""
    tag = event.reference and event.reference.tag
    return bool(tag) and attachments.is_tag(str(tag))


def _reason(
    event: base.Event, listed: repositories.RepositoryList
) -> str | None:
    """Tell why an event is to be ignored; None if it is not."""
    reference = event.reference
    if event.action == "ping":
        return "ping"
    if event.action == "ignore" or reference is None:
        return "not_for_images"
    if reference.tag is None and (event.action == "push" or not event.digest):
        return "no_tag"
    if is_attachment(event):
        return "attachment"
    if not listed.allows(reference):
        return "not_listed"
    if event.action == "delete" and not listed.may_delete(reference):
        return "deletion_not_allowed"
    return None


def _target(event: base.Event) -> ref.Reference:
    """Name what the operation is about: a tag, or else a digest."""
    assert event.reference is not None  # noqa: S101 (it would be ignored)
    if event.reference.tag is None:
        return dataclasses.replace(event.reference, digest=event.digest)
    return dataclasses.replace(event.reference, digest=None)
