# SPDX-License-Identifier: Apache-2.0
"""Puts the description together."""

from reposync.api.openapi import parts
from reposync.api.openapi import paths
from reposync.api.openapi import things

DOCUMENT: parts.Json = {
    "openapi": "3.1.0",
    "info": {
        "title": "reposync",
        "version": "1.0",
        "description": "Keeps a cloud's image catalogue in step with "
        "container registries.  HEAD is answered wherever GET is.  Other "
        "methods than those of a path are refused with 405.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    },
    "servers": [{"url": "/"}],
    "security": [{"token": []}],
    "paths": paths.PATHS,
    "components": {
        "schemas": things.SCHEMAS,
        "securitySchemes": {
            "token": {
                "type": "apiKey",
                "in": "header",
                "name": "X-Auth-Token",
                "description": "A token of Keystone that is scoped to a "
                "project, or the shared secret of [api] token",
            }
        },
    },
}
