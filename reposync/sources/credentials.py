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
import os
import re
from typing import Any

from oslo_config import cfg

from reposync import exception
from reposync import reference as ref
from reposync.sources import credential_helpers

#: Stands for a token in place of a user, among helpers and in files.
_TOKEN_USER = "<token>"  # noqa: S105 (a word of the protocol)
_HUB_KEYS = ("docker.io", "index.docker.io", "registry-1.docker.io")
#: Docker Hub as helpers know it: engines' clients, then podman.
_HUB_SERVERS = ("https://index.docker.io/v1/", "docker.io")
#: What a login in the browser leaves beside the account.
_NO_ACCOUNTS = ("/access-token", "/refresh-token")
_OPTIONS = "[registry] auth_config or auth_file"


@dataclasses.dataclass(frozen=True, slots=True)
class Credentials:
    """An account of a registry; all empty for none.

    :ivar identity_token: exchanged for tokens instead of a password
    :ivar registry_token: sent as it is
    :ivar place: where it comes from, for messages
    :ivar version: another one after the file has changed
    """

    user: str = ""
    password: str = dataclasses.field(default="", repr=False)
    identity_token: str = dataclasses.field(default="", repr=False)
    registry_token: str = dataclasses.field(default="", repr=False)
    place: str = dataclasses.field(default="", compare=False)
    version: str = dataclasses.field(default="", compare=False)


NONE = Credentials()


def find(conf: cfg.ConfigOpts, reference: ref.Reference) -> Credentials:
    """Find the credentials for an image.

    :returns: those of the longest key that fits; empty if there are none
    :raises RegistryDenied: the configured ones cannot be read
    :raises SourceUnavailable: a credential helper does not answer
    """
    options = conf.registry
    try:
        for source in _load(options.auth_config, options.auth_file):
            found = _search(source.config, reference)
            if found != NONE:
                place = found.place or source.place
                return dataclasses.replace(
                    found, place=place, version=source.version
                )
    except (
        AttributeError,
        KeyError,
        OSError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        # The text of the error may hold a part of the credentials.
        raise exception.RegistryDenied(
            f"The credentials in {_OPTIONS} cannot be read: "
            f"{type(error).__name__}"
        ) from error
    return NONE


@dataclasses.dataclass(frozen=True, slots=True)
class _Source:
    config: Mapping[str, Any]
    place: str
    version: str = ""


def _load(text: str | None, path: str | None) -> Iterator[_Source]:
    if text:
        yield _Source(json.loads(text), "[registry] auth_config")
    if path:
        with open(path, encoding="utf-8-sig") as file:
            seen = os.fstat(file.fileno())
            version = f"{seen.st_ino} {seen.st_size} {seen.st_mtime_ns}"
            yield _Source(json.load(file), "[registry] auth_file", version)


def _search(
    config: Mapping[str, Any], reference: ref.Reference
) -> Credentials:
    for key in _keys(reference):
        found = _look_up(config, key)
        if found != NONE:
            return found
    store = config.get("credsStore")
    return _ask(store, _servers(reference)) if store else NONE


def _keys(reference: ref.Reference) -> Iterator[str]:
    """Give what may be a key of the image, the longest first."""
    path = reference.repository.split("/")
    hosts = [reference.registry.lower()]
    if reference.registry == ref.DOCKER_HUB:
        hosts = list(_HUB_KEYS)
    for length in range(len(path), -1, -1):
        for host in hosts:
            yield "/".join([host, *path[:length]])


def _servers(reference: ref.Reference) -> tuple[str, ...]:
    """Give what a helper may know the registry by."""
    if reference.registry == ref.DOCKER_HUB:
        return _HUB_SERVERS
    return reference.registry, f"https://{reference.registry}"


def _look_up(config: Mapping[str, Any], key: str) -> Credentials:
    for name, helper in (config.get("credHelpers") or {}).items():
        if helper and _plain(name) == key:
            known = _HUB_SERVERS if key in _HUB_KEYS else (key,)
            found = _ask(helper, tuple(dict.fromkeys((*known, name))))
            if found != NONE:
                return found
    for name, entry in (config.get("auths") or {}).items():
        if _plain(name) == key:
            found = _read(entry or {})
            if found == NONE and config.get("credsStore"):
                found = _ask(config["credsStore"], (name,))
            if found != NONE:
                return found
    return NONE


def _plain(name: str) -> str:
    """Give a key as host and path, as the Docker CLI and podman read it.

    With a scheme the path means nothing: ``https://index.docker.io/v1/``.
    """
    if name.endswith(_NO_ACCOUNTS):
        return ""
    plain = re.sub(r"^https?://", "", name, flags=re.IGNORECASE)
    host, _, path = plain.partition("/")
    path = path.rstrip("/")
    if plain != name or path in ("v1", "v2"):
        path = ""
    return f"{host.lower()}/{path}" if path else host.lower()


def _read(entry: Mapping[str, str]) -> Credentials:
    user = entry.get("username") or ""
    password = entry.get("password") or ""
    if entry.get("auth"):
        # Tools wrap it in lines, which engines' clients pass over.
        packed = re.sub(r"[\r\n]", "", entry["auth"])
        decoded = base64.b64decode(packed, validate=True).decode()
        user, colon, password = decoded.partition(":")
        if not colon:
            raise ValueError("no colon")
    password = password.rstrip("\0")
    token = entry.get("identitytoken") or ""
    if user == _TOKEN_USER and password and not token:
        user, password, token = "", "", password
    sent_as_it_is = entry.get("registrytoken") or ""
    for text in (user, password, token):
        credential_helpers.check_text(text)
    if not re.fullmatch("[!-~]*", sent_as_it_is):
        raise ValueError("no header")
    return Credentials(user, password, token, sent_as_it_is)


def _ask(helper: str, servers: tuple[str, ...]) -> Credentials:
    """Ask a credential helper by the names it may know a registry by."""
    for server in servers:
        answer = credential_helpers.get(helper, server)
        if answer is not None:
            user, secret = answer
            place = f"docker-credential-{helper}"
            if user == _TOKEN_USER:
                return Credentials(identity_token=secret, place=place)
            return Credentials(user, secret, place=place)
    return NONE
