# SPDX-License-Identifier: Apache-2.0
"""Webhooks: registries tell that an image was pushed or deleted."""

import re
from typing import Any

import pecan
import webob.exc

from reposync import exception
from reposync import reference as ref
from reposync import repositories
from reposync.api import errors
from reposync.api import validation
from reposync.api.controllers import base
from reposync.api.webhooks import events
from reposync.db import models
from reposync.db.queue import deduplication
from reposync.webhooks import authentication
from reposync.webhooks import receivers

_FORMAT = "dockerhub"
_NOBODY = receivers.nobody()
_HEADER = "HTTP_"
_ORIGIN = re.compile(r"[A-Za-z0-9.:-]{1,255}", re.ASCII)


class ReceiverController(base.Resource):
    """``/v1/notify/{receiver}``."""

    def __init__(self, name: str):
        """Store which receiver is meant."""
        self._name = name

    def post(self) -> dict[str, Any]:
        """Take the webhook of a registry.

        Nothing of the body is understood before its caller has proven who it
        is.  A name that no receiver has is refused like a wrong secret.
        """
        services = pecan.request.services
        receiver = services.receivers.get(self._name, _NOBODY)
        headers, body = _headers(), validation.read_body()
        if not receiver.check(headers, _query(), body):
            services.events.tally.add(receiver.name, "refused")
            raise errors.WebhookRefused(
                "Unknown receiver, or wrong secret. The receivers are the "
                "groups [receiver:NAME] in the configuration of the API"
            )
        try:
            found = receiver.events(headers, body)
        except exception.InvalidWebhook:
            services.events.tally.add(receiver.name, "invalid")
            raise
        outcomes = services.events.handle(
            pecan.request.caller, receiver, found, body
        )
        made = [_made(each) for each in outcomes if _is_made(each)]
        left = [_left(each) for each in outcomes if not _is_made(each)]
        # Whatever is ignored is answered with success, or the queues of
        # registries would send it for ever and nothing else.
        pecan.response.status = 202 if made else 200
        answer: dict[str, Any] = {"operations": made, "ignored": left}
        for event in found:
            answer |= event.reply or {}
        return answer

    def options(self) -> dict[str, Any]:
        """Allow an origin to send webhooks, as CloudEvents ask first.

        It is section 4 of
        https://github.com/cloudevents/spec/blob/main/cloudevents/http-webhook.md,
        and no proof of anything: each webhook shows its secret.  All names
        are answered alike, so that none can be found out.
        """
        origin = _headers().get("webhook-request-origin", "")
        if not _ORIGIN.fullmatch(origin):
            refusal = webob.exc.HTTPMethodNotAllowed()
            refusal.headers["Allow"] = "POST"
            raise refusal
        pecan.response.headers.update(
            {
                "Allow": "POST",
                "WebHook-Allowed-Origin": origin,
                "WebHook-Allowed-Rate": "*",
            }
        )
        return {}


class NotifyController(base.Resource):
    """``/v1/notify``, with an authentication of its own."""

    @pecan.expose()
    def _lookup(self, name: str, *rest: str) -> Any:
        return ReceiverController(name), rest

    def post(self) -> dict[str, Any]:
        """Take Docker Hub's webhook, as java-reposync does.

        The secret is checked before anything of the body is looked at.
        ``callback_url`` is never called.
        """
        request = pecan.request
        services = request.services
        _authenticate(services.conf.notify.tokens)
        parse = services.formats[_FORMAT].parse
        found = receivers.read(parse, _headers(), validation.read_body())
        references = [
            event.reference
            for event in found
            if event.reference and not events.is_attachment(event)
        ]
        _allow(services.conf.repositories.file, references)
        told = deduplication.Announcement(
            None, services.conf.notify.settle_seconds
        )
        made = [
            services.submitter.pull(request.caller, reference, told)
            for reference in references
        ]
        pecan.response.status = 202 if made else 200
        return {
            "operations": [
                {"id": row.id, "reference": row.reference} for row in made
            ]
        }


def _headers() -> dict[str, str]:
    environ = pecan.request.environ
    found = {
        name[len(_HEADER) :].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith(_HEADER)
    }
    return found | {"content-type": environ["reposync.content_type"]}


def _query() -> bytes:
    query: str = pecan.request.environ.get("QUERY_STRING", "")
    return query.encode("latin-1", "replace")


def _authenticate(secrets: list[str]) -> None:
    known = [secret for secret in secrets if secret]
    if not known or not authentication.make("query", "", known)(
        {}, _query(), b""
    ):
        raise errors.WebhookRefused(
            "?token= is none of the secrets in [notify] tokens"
        )


def _allow(path: str, references: list[ref.Reference]) -> None:
    listed = repositories.RepositoryList.load(path)
    for reference in references:
        if not listed.allows(reference):
            raise exception.RepositoryNotAllowed(
                f"{reference} is not on the list of mirrored repositories"
            )


def _is_made(outcome: events.Outcome) -> bool:
    return isinstance(outcome, models.Operation)


def _made(row: Any) -> dict[str, Any]:
    return {"id": row.id, "kind": row.kind, "reference": row.reference}


def _left(ignored: Any) -> dict[str, Any]:
    event = ignored.event
    return {
        "action": event.action,
        "reference": str(event.reference) if event.reference else None,
        "reason": ignored.reason,
        "detail": event.note or events.DETAILS.get(ignored.reason),
    }
