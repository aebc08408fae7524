# SPDX-License-Identifier: Apache-2.0
"""Synchronisations with trouble among their registries."""

import socket

from tests.field import registry as answers
from tests.field.row import row


def _good(test):
    registry = test.registry()
    test.image(registry)
    return f"{registry.host}/team/app:1"


@row(
    "One of the listed registries asks for a login in a way that nobody "
    "understands, such as ``Bearer realm=``, or names a server that is none.",
    "Its images fail and say so; those of all others arrive.",
)
def odd_challenge(test):
    good = _good(test)
    registry = test.registry()
    odd = f"{registry.host}/team/app:1"
    for said in (
        "Bearer realm=",
        'Bearer realm="https://a/token",service=,scope=',
    ):
        registry.on("", answers.error(401, "NO", WWW_Authenticate=said))
        parts = test.sync([odd, good], test.service)
        test.assertEqual("succeeded", parts[good]["state"])
        test.assertEqual("failed", parts[odd]["state"])
        test.assertTrue(parts[odd]["error"]["message"])


@row(
    "One of the listed registries cannot be connected to, and has many "
    "images.",
    "One image tries for all of them; each fails with the same reason, and "
    "those of all others arrive.",
)
def unreached_registry(test):
    good = _good(test)
    # Bound, and nobody listens.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        away = [f"{host}/team/app{number}:1" for number in range(30)]
        parts = test.sync([*away, good], test.service)
    test.assertEqual("succeeded", parts[good]["state"])
    said = {
        (parts[name]["error"]["code"], parts[name]["error"]["message"])
        for name in away
    }
    test.assertEqual(["source_unavailable"], [code for code, _ in said])


@row(
    "A registry answers 429 for ever, with a short ``Retry-After``.",
    "The operation ends after ``[conductor] max_age`` and tells the last "
    "error; operations of other registries go on.",
)
def limit_for_ever(test):
    registry = test.registry()
    test.image(registry)
    registry.on(
        "manifests", answers.error(429, "TOOMANYREQUESTS", Retry_After="1")
    )
    service = test.start({"conductor": {"max_age": "5"}})
    good = _good(test)
    name = f"{registry.host}/team/app:1"
    parts = test.sync([name, good], service)
    test.most = 100
    test.assertEqual("succeeded", parts[good]["state"])
    error = parts[name]["error"]
    test.assertEqual("too_many_attempts", error["code"])
    test.assertIn("limit", error["message"])
