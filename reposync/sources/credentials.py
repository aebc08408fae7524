# SPDX-License-Identifier: Apache-2.0
"""Credentials of registries, in the format of Docker's ``config.json``.

``auths``, ``credHelpers`` and ``credsStore`` as ``docker login`` writes them
(https://docs.docker.com/reference/cli/docker/login/), with keys that may name
a part of a registry (containers-auth.json(5)).
"""

import base64
from collections.abc import Iterator
from collections.abc import Mapping
import dataclasses
import json
import re
import subprocess
from typing import Any

from oslo_config import cfg

from reposync import exception
from reposync import reference as ref

_HELPER_SECONDS = 30
#: Stands for a token in place of a user, among helpers and in files.
_TOKEN_USER = "<token>"  # noqa: S105 (a word of the protocol)
_HUB_KEYS = ("docker.io", "index.docker.io", "registry-1.docker.io")


@dataclasses.dataclass(frozen=True, slots=True)
class Credentials:
    """An account of a registry; all empty for none.

    :ivar identity_token: exchanged for tokens instead of a password
    :ivar registry_token: sent as it is
    """

    user: str = ""
    password: str = dataclasses.field(default="", repr=False)
    identity_token: str = dataclasses.field(default="", repr=False)
    registry_token: str = dataclasses.field(default="", repr=False)


NONE = Credentials()


def find(conf: cfg.ConfigOpts, reference: ref.Reference) -> Credentials:
    """Find the credentials for an image.

    :returns: those of the longest key that fits; empty if there are none
    :raises RegistryDenied: the configured ones cannot be read
    """
    options = conf.registry
    try:
        for config in _load(options.auth_config, options.auth_file):
            for key in _keys(reference):
                found = _look_up(config, key)
                if found is not None:
                    return found
    except (
        AttributeError,
        KeyError,
        OSError,
        TypeError,
        ValueError,
        subprocess.SubprocessError,
    ) as error:
        # The text of the error may hold a part of the credentials.
        raise exception.RegistryDenied(
            "The credentials in [registry] auth_config or auth_file cannot "
            f"be read: {type(error).__name__}"
        ) from error
    return NONE


def _load(text: str | None, path: str | None) -> Iterator[Mapping[str, Any]]:
    if text:
        yield json.loads(text)
    if path:
        with open(path, encoding="utf-8") as file:
            yield json.load(file)


def _keys(reference: ref.Reference) -> Iterator[str]:
    """Give what may be a key of the image, the longest first."""
    path = reference.repository.split("/")
    hosts = [reference.registry]
    if reference.registry == ref.DOCKER_HUB:
        hosts = list(_HUB_KEYS)
    for length in range(len(path), -1, -1):
        for host in hosts:
            yield "/".join([host, *path[:length]])


def _look_up(config: Mapping[str, Any], key: str) -> Credentials | None:
    helper = (config.get("credHelpers") or {}).get(key)
    if helper:
        return _ask_helper(helper, key)
    for name, entry in (config.get("auths") or {}).items():
        if _plain(name) == key:
            found = _read(entry)
            if found != NONE:
                return found
            if config.get("credsStore"):
                return _ask_helper(config["credsStore"], name)
    return None


def _plain(name: str) -> str:
    """Give a key without its scheme and the paths of old engines."""
    name = re.sub(r"^https?://", "", name).rstrip("/")
    return re.sub(r"/v[12]$", "", name)


def _read(entry: Mapping[str, str]) -> Credentials:
    user = entry.get("username") or ""
    password = entry.get("password") or ""
    if entry.get("auth"):
        decoded = base64.b64decode(entry["auth"], validate=True).decode()
        user, colon, password = decoded.partition(":")
        if not colon:
            raise ValueError("no colon")
    return Credentials(
        user,
        password.rstrip("\0"),
        entry.get("identitytoken") or "",
        entry.get("registrytoken") or "",
    )


def _ask_helper(name: str, server: str) -> Credentials:
    """Ask a credential helper.

    https://github.com/docker/docker-credential-helpers
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        raise ValueError("no name of a helper")
    done = subprocess.run(
        [f"docker-credential-{name}", "get"],
        input=server.encode(),
        capture_output=True,
        timeout=_HELPER_SECONDS,
        check=False,
    )
    if done.returncode:
        if b"not found" in done.stdout:
            return NONE
        raise OSError("the helper failed")
    answer = json.loads(done.stdout)
    user, secret = answer["Username"], answer["Secret"]
    if user == _TOKEN_USER:
        return Credentials(identity_token=secret)
    return Credentials(user, secret)
