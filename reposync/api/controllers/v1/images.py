# SPDX-License-Identifier: Apache-2.0
"""Images of the catalogue."""

import re
from typing import Any

import pecan

from reposync import exception
from reposync import filters
from reposync import reference as ref
from reposync import repositories
from reposync.api import validation
from reposync.api.controllers import base
from reposync.api.schemas import images as schemas
from reposync.policies import images as policies

_ID = re.compile(r"[A-Za-z0-9._:-]{1,255}", re.ASCII)


class ImageController(base.Resource):
    """``/v1/images/{image_id}``."""

    def __init__(self, image_id: str):
        """Store which image is meant."""
        self._id = image_id

    def get(self) -> dict[str, Any]:
        """Show the image."""
        base.enforce(policies.SHOW)
        validation.query(schemas.NOTHING)
        request = pecan.request
        found = request.services.conductor.image(request.caller, self._id)
        return {"image": found}

    def delete(self) -> Any:
        """Have it deleted."""
        base.enforce(policies.DELETE)
        validation.query(schemas.NOTHING)
        request = pecan.request
        return base.accepted(
            request.services.submitter.delete(request.caller, self._id)
        )


class ImagesController(base.Resource):
    """``/v1/images``."""

    @pecan.expose()
    def _lookup(self, image_id: str, *rest: str) -> Any:
        if not _ID.fullmatch(image_id):
            raise exception.ImageNotFound("No image has such an id")
        return ImageController(image_id), rest

    def get(self) -> dict[str, Any]:
        """List images."""
        base.enforce(policies.LIST)
        values = validation.query(schemas.LIST)
        limit = validation.limit(values)
        name, kind = values.get("filter"), values.get("type")
        # Here, so that a bad one never gets onto the message bus.
        filters.ImageFilter(name, kind)
        request = pecan.request
        marker = values.get("marker")
        try:
            found = request.services.conductor.images(
                request.caller,
                name_filter=name,
                image_type=kind,
                limit=limit,
                marker=marker,
            )
        except exception.ImageNotFound as error:
            raise base.bad_marker(error) from error
        last = found[-1]["id"] if len(found) == limit else None
        return {"images": found, "links": base.links(last)}

    def put(self) -> Any:
        """Have an image read and kept."""
        base.enforce(policies.PULL)
        values = validation.query(schemas.PULL_QUERY)
        name, tag = values.get("imageName"), values.get("tag")
        content = validation.body(schemas.PULL_BODY)
        if content is not None:
            if values:
                raise exception.InvalidRequest(
                    "Name the image in the query or in the body, not in both"
                )
            name, tag = content["name"], content.get("tag")
        if name is None:
            raise exception.InvalidRequest(
                "Which image? Give the parameter imageName, or a JSON body "
                "with the field name"
            )
        request = pecan.request
        reference = ref.Reference.parse(name, tag)
        _allow(reference)
        return base.accepted(
            request.services.submitter.pull(request.caller, reference)
        )


def _allow(reference: ref.Reference) -> None:
    """Let the caller have an image pulled, or not.

    The service reads it with logins that the caller does not have.

    :raises RepositoriesUnreadable: nobody knows what the list selects
    :raises RepositoryNotAllowed: the list does not select it
    """
    request = pecan.request
    services = request.services
    if services.policy.allows(request.caller, policies.PULL_UNLISTED):
        return
    listed = repositories.RepositoryList.load(services.conf.repositories.file)
    if not listed.allows(reference):
        raise exception.RepositoryNotAllowed(
            f"{reference} is not on the list of mirrored repositories. Ask "
            "an operator to add it to the list, or an administrator to pull "
            "it"
        )
