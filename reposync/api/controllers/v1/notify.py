# SPDX-License-Identifier: Apache-2.0
"""Webhooks: registries tell that an image was pushed."""

import hmac
from typing import Any

import pecan
import webob.exc

from reposync import exception
from reposync import reference as ref
from reposync import repositories
from reposync.api.controllers import base

_FORMAT = "dockerhub"


class NotifyController(base.Resource):
    """``/v1/notify``, with an authentication of its own."""

    def post(self) -> dict[str, Any]:
        """Take Docker Hub's webhook.

        The secret is checked before anything of the body is looked at.
        """
        request = pecan.request
        services = request.services
        _authenticate(services.conf.notify.tokens)
        parse = services.parsers[_FORMAT]
        events = parse(dict(request.headers), request.body)
        references = [
            event.reference
            for event in events
            if event.action == "push" and event.reference
        ]
        _allow(services.conf.repositories.file, references)
        made = [
            services.submitter.pull(request.caller, reference)
            for reference in references
        ]
        pecan.response.status = 202
        return {
            "operations": [
                {"id": row.id, "reference": row.reference} for row in made
            ]
        }


def _authenticate(secrets: list[str]) -> None:
    try:
        given = pecan.request.GET.getall("token")
    except UnicodeDecodeError:
        given = []
    shown = (given[0] if len(given) == 1 else "").encode("utf-8", "replace")
    # All are compared, so that the time does not tell which was nearly right.
    right = [
        hmac.compare_digest(shown, secret.encode())
        for secret in secrets
        if secret
    ]
    if not any(right):
        raise webob.exc.HTTPUnauthorized()


def _allow(path: str, references: list[ref.Reference]) -> None:
    listed = repositories.RepositoryList.load(path)
    for reference in references:
        if not listed.allows(reference):
            raise exception.RepositoryNotAllowed(
                f"{reference} is not on the list of mirrored repositories"
            )
