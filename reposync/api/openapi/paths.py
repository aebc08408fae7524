# SPDX-License-Identifier: Apache-2.0
"""The paths of the API."""

from reposync.api.openapi import parts
from reposync.api.openapi.parts import Json
from reposync.api.schemas import images
from reposync.api.schemas import operations
from reposync.api.schemas import repositories
from reposync.api.schemas import sync

#: Statuses of calls that ask a conductor for the catalogue.
_CATALOGUE = (403, 502, 504)
_PAGE = parts.many(parts.ref("Link"))
_FREE = {"type": "object"}

_DISCOVERY: Json = {
    "/": {
        "get": parts.call(
            "List versions",
            {300: parts.thing(versions=parts.many(parts.ref("Version")))},
            token=False,
        )
    },
    "/v1": {
        "get": parts.call(
            "Show version 1",
            {200: parts.thing(version=parts.ref("Version"))},
            token=False,
        )
    },
    "/v1/openapi.json": {
        "get": parts.call("Show this description", {200: _FREE}, token=False)
    },
    "/healthcheck": {
        "get": {
            "summary": "Tell whether the service has what it needs",
            "security": [],
            "responses": {
                status: {
                    "description": description,
                    "content": {"text/plain": {"schema": {"type": "string"}}},
                }
                for status, description in (
                    ("200", "All is well"),
                    ("503", "Something is away; the body names it"),
                )
            },
        }
    },
}

_IMAGES: Json = {
    "/v1/images": {
        "get": parts.call(
            "List images of the catalogue",
            {
                200: parts.thing(
                    images=parts.many(parts.ref("Image")), links=_PAGE
                )
            },
            errors=_CATALOGUE,
            query=images.LIST,
        ),
        "put": parts.accepted(
            summary="Have an image read from its registry and kept",
            query=images.PULL_QUERY,
            body=parts.body(images.PULL_BODY, required=False),
            errors=(415, 429),
        ),
    },
    "/v1/images/{image_id}": {
        "parameters": [parts.in_path("image_id", "The catalogue's own id")],
        "get": parts.call(
            "Show an image of the catalogue",
            {200: parts.thing(image=parts.ref("Image"))},
            errors=(404, *_CATALOGUE),
        ),
        "delete": parts.accepted(
            summary="Have an image deleted", errors=(404, 429)
        ),
    },
}

_OPERATIONS: Json = {
    "/v1/sync": {
        "put": parts.accepted(
            summary="Synchronise all listed repositories",
            body=parts.body(sync.NOTHING, required=False),
            errors=(415,),
        )
    },
    "/v1/repositories": {
        "get": parts.call(
            "List what is mirrored, and how fresh it is",
            {
                200: parts.thing(
                    repositories=parts.many(parts.ref("Repository")),
                    links=_PAGE,
                )
            },
            errors=(403,),
            query=repositories.LIST,
        )
    },
    "/v1/operations": {
        "get": parts.call(
            "List operations, newest first",
            {
                200: parts.thing(
                    operations=parts.many(parts.ref("Operation")), links=_PAGE
                )
            },
            errors=(403,),
            query=operations.LIST,
        )
    },
    "/v1/operations/{operation_id}": {
        "parameters": [parts.in_path("operation_id", "Its id", format="uuid")],
        "get": parts.call(
            "Show an operation",
            {200: parts.thing(operation=parts.ref("Operation"))},
            errors=(403, 404),
        ),
        "delete": parts.call(
            "Cancel an operation",
            {202: parts.thing(operation=parts.ref("Operation"))},
            errors=(403, 404, 409),
        ),
    },
}

_SECRET: Json = {
    "name": "token",
    "in": "query",
    "required": True,
    "description": "One of [notify] tokens",
    "schema": {"type": "string"},
}
_MADE = parts.many(parts.ref("Made"))
_ANSWER = parts.thing(
    operations=_MADE, ignored=parts.many(parts.ref("Ignored"))
)

# Azure's Event Grid reads its code in the answer.
_ANSWER["properties"]["validationResponse"] = {"type": "string"}
_LEGACY = parts.thing(
    operations=parts.many(
        parts.thing(
            id={"type": "string", "format": "uuid"},
            reference={"type": "string"},
        )
    )
)

_WEBHOOKS: Json = {
    "/v1/notify": {
        "parameters": [_SECRET],
        "post": parts.call(
            "Take Docker Hub's webhook, as java-reposync does",
            {200: _LEGACY, 202: _LEGACY},
            errors=(401, 403, 503),
            body=parts.body(_FREE, required=True),
            token=False,
        ),
    },
    "/v1/notify/{receiver}": {
        "parameters": [
            parts.in_path("receiver", "A name of [notify] receivers")
        ],
        "post": parts.call(
            "Take the webhook of a registry",
            {200: _ANSWER, 202: _ANSWER},
            errors=(401, 503),
            body=parts.body(_FREE, required=True),
            token=False,
            description="The secret comes as the format of the receiver has "
            "it: a header, the query, or a signature of the body.",
        ),
    },
}

PATHS: Json = _DISCOVERY | _IMAGES | _OPERATIONS | _WEBHOOKS
