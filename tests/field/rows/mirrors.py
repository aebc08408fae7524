# SPDX-License-Identifier: Apache-2.0
"""Mirrors."""

import base64
import json

from tests.field import base
from tests.field import registry as answers
from tests.field.row import row

PAGE = answers.answer(200, b"<!doctype html>", Content_Type="text/html")


def mirrored(field, place, **options):
    """Start a registry with an image, and a service with its mirrors.

    :param place: of the mirror, as the option has it
    """
    registry = field.registry()
    field.image(registry)
    service = field.start(
        {"registry": {"mirrors": f"{registry.host}={place}"} | options}
    )
    return registry, service, f"{registry.host}/team/app:1"


@row(
    "A mirror answers everything with a web page and status 200.",
    "The registry itself is asked.",
)
def a_mirror_of_pages(field):
    mirror = field.registry()
    mirror.on("", PAGE)
    _, service, name = mirrored(field, mirror.host)
    field.succeeds(name, service)
    field.assertTrue(mirror.seen)


@row(
    "Mirrors of other kinds: JSON that is no manifest, 401, 403, 404, 500, "
    "429, other bytes, blobs that break, one that is not there at all.",
    "The next one is asked for what is missing, and the registry at last.",
)
def mirrors_of_other_kinds(field):
    odd = field.registry()
    places = f"127.0.0.1:9 {odd.host}"
    registry, service, _ = mirrored(field, places)

    def flip(handler):
        found = registry.blobs.get(handler.place()[2])
        return found and (handler.answer(200, found[::-1]) or True)

    def cut(handler):
        odd.blobs = registry.blobs
        return handler.serve(most=500)

    ways = (
        ("", answers.answer(200, b'{"status": "ok"}')),
        ("", answers.answer(401)),
        ("", answers.answer(403)),
        ("", answers.answer(404)),
        ("", answers.answer(500)),
        ("/blobs/", flip),
        ("/blobs/", cut),
        ("", answers.answer(429, Retry_After="600")),
    )
    for number, (pattern, action) in enumerate(ways):
        odd.rules.clear()
        odd.on(pattern, action)
        tag = f"v{number}"
        field.image(registry, tag=tag)
        field.succeeds(f"{registry.host}/team/app:{tag}", service)


# Harbor's proxy projects, Artifactory's repository path method, Nexus.
@row(
    "A mirror keeps images below a name of its own, and wants an account: "
    "registry=http://mirror/hub.",
    "It is asked below that name, with the account of its host and path.",
)
def a_mirror_with_a_path(field):
    mirror = field.registry()
    pair = base64.b64encode(f"u:{base.PASSWORD}".encode()).decode()
    auths = {f"{mirror.host}/hub": {"auth": pair}}
    file = field.path / "config.json"
    file.write_text(json.dumps({"auths": auths}))
    registry, service, name = mirrored(
        field, f"http://{mirror.host}/hub", auth_file=str(file)
    )
    field.image(mirror, "hub/team/app")

    def login(handler):
        if handler.headers.get("Authorization") == f"Basic {pair}":
            return None
        return (
            handler.answer(401, WWW_Authenticate='Basic realm="mirror"')
            or True
        )

    mirror.on("", login)
    registry.seen.clear()
    field.succeeds(name, service)
    field.assertEqual([], registry.seen)
