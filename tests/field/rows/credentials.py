# SPDX-License-Identifier: Apache-2.0
"""Files of credentials, and helpers."""

import json
import os

from tests.field import base
from tests.field import login
from tests.field.row import row


def start(field, registry, script, name="lab", **config):
    """Start the service with a file of credentials and a helper.

    :param script: of the helper, which has the server in ``$server``
    """
    folder = field.path / "bin"
    folder.mkdir(exist_ok=True)
    helper = folder / f"docker-credential-{name}"
    helper.write_text(f"#!/bin/sh\nread -r server\n{script}\n")
    helper.chmod(0o755)
    field.image(registry)
    login.wants(registry, "Basic realm=x", accepts=login.basic)
    return field.start(
        {"registry": {"auth_config": json.dumps(config)}},
        {"PATH": f"{folder}:{os.environ['PATH']}"},
    )


def knows(server):
    """Give the script of a helper that knows one server."""
    answer = json.dumps({"Username": login.USER, "Secret": base.PASSWORD})
    return (
        f"[ $server = {server} ] && echo '{answer}' && exit\n"
        "echo credentials not found in native keychain; exit 1"
    )


@row(
    '``{"credsStore": "ecr-login"}`` without ``auths`` (Amazon ECR).',
    "The helper is asked; what it does not know is asked for without an "
    "account.",
)
def a_store_alone(field):
    registry, public = field.registry(), field.registry()
    script = knows(registry.host)
    service = start(
        field, registry, script, "ecr-login", credsStore="ecr-login"
    )
    field.image(public)
    login.wants(public, login.bearer(public))
    field.succeeds(f"{registry.host}/team/app:1", service)
    field.succeeds(f"{public.host}/team/app:1", service)


@row(
    "Keys as old and new tools write them: ``https://HOST``, "
    "``HOST/v1/``, capitals.",
    "They are read as the Docker CLI reads them.",
)
def keys(field):
    registry = field.registry()
    service = start(
        field,
        registry,
        knows(registry.host),
        credHelpers={f"https://{registry.host}/v1/": "lab"},
    )
    field.succeeds(f"{registry.host}/team/app:1", service)


@row(
    "A part of a registry as key, with an empty entry and a store (podman).",
    "The helper is asked for that part.",
)
def a_part(field):
    registry = field.registry()
    service = start(
        field,
        registry,
        knows(f"{registry.host}/team"),
        auths={f"{registry.host}/team": {}},
        credsStore="lab",
    )
    field.succeeds(f"{registry.host}/team/app:1", service)


@row(
    "A helper that is not installed, or that fails.",
    "``registry_denied``; the error names the program, and the command that "
    "shows why.",
)
def helpers_that_fail(field):
    registry, other = field.registry(), field.registry()
    field.image(other)
    login.wants(other, "Basic realm=x", accepts=login.basic)
    service = start(
        field,
        registry,
        f"echo {base.PASSWORD} is wrong; exit 1",
        credHelpers={registry.host: "lab", other.host: "missing"},
    )
    for host, name, words in (
        (registry.host, "lab", "to see why"),
        (other.host, "missing", "not installed"),
    ):
        field.fails(
            f"{host}/team/app:1",
            "registry_denied",
            f"docker-credential-{name}",
            words,
            service=service,
        )


@row(
    "A helper answers with names in small letters; or with ``null``, or "
    "``{}``, for what it does not know.",
    "The first is an account; the others are none, and nobody is asked with "
    "the password ``None``.",
)
def odd_helpers(field):
    registry, other = field.registry(), field.registry()
    good = json.dumps({"username": login.USER, "secret": base.PASSWORD})
    empty = json.dumps({"Username": None, "Secret": None})
    script = (
        f"[ $server = {registry.host} ] && echo '{good}' && exit\n"
        f"[ $server = {other.host} ] && echo '{empty}' && exit\n"
        "echo '{}'"
    )
    service = start(field, registry, script, credsStore="lab")
    field.image(other)
    login.wants(other, "Basic realm=x", accepts=login.basic)
    field.succeeds(f"{registry.host}/team/app:1", service)
    field.fails(
        f"{other.host}/team/app:1",
        "registry_denied",
        "without an account",
        service=service,
    )
    field.assertEqual([], login.passwords(other))
