# SPDX-License-Identifier: Apache-2.0
"""Credentials of registries, in the format of Docker's ``config.json``."""

import json
from typing import Any

from docker import auth
from docker import errors as docker_errors
from oslo_config import cfg

from reposync import exception
from reposync import reference as ref


def find(conf: cfg.ConfigOpts, reference: ref.Reference) -> dict[str, Any]:
    """Find the credentials for an image's registry.

    :returns: what the engine takes; empty if there are none
    :raises RegistryDenied: the configured ones cannot be read
    """
    options = conf.docker
    try:
        for known in _load(options.auth_config, options.auth_file):
            found = known.resolve_authconfig(reference.registry)
            if found:
                return dict(found)
    except (OSError, ValueError, docker_errors.DockerException) as error:
        # The text of the error may hold a part of the credentials.
        raise exception.RegistryDenied(
            "The credentials in [docker] auth_config or auth_file cannot be "
            f"read: {type(error).__name__}"
        ) from error
    return {}


def _load(text: str | None, path: str | None) -> list[auth.AuthConfig]:
    texts = [text] if text else []
    if path:
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    return [_parse(each) for each in texts]


def _parse(text: str) -> auth.AuthConfig:
    values = json.loads(text)
    if not isinstance(values, dict):
        raise ValueError("no object")
    entries = auth.AuthConfig.parse_auth(
        values.get("auths") or {}, raise_on_error=True
    )
    known = {"auths": entries}
    for key in ("credsStore", "credHelpers"):
        if values.get(key):
            known[key] = values[key]
    return auth.AuthConfig(known)
