# SPDX-License-Identifier: Apache-2.0
"""Answers that are nearly right."""

import base64
import json
import time

from lab import images
from tests.field import base
from tests.field import handmade
from tests.field import login
from tests.field import registry as answers
from tests.field.row import row

_CUT = 1_000_000
_AMD64 = handmade.platform("linux/amd64")


def _named(field):
    registry = field.registry()
    field.image(registry)
    return registry, f"{registry.host}/team/app:1"


def _first(field, name):
    """Pull an image that must arrive with the first attempt."""
    field.assertEqual(1, field.succeeds(name)["attempt"])


@row(
    "A download breaks, and going on is answered by 200 with the rest alone "
    "or with nothing, by 204, by 401 without a challenge, or by a redirect "
    "that leads nowhere.",
    "The whole blob is asked for once more, at once.",
)
def going_on_is_answered_oddly(field):
    for action in (
        lambda h: not h.answer(200, h.content()[1][_CUT:]),
        answers.answer(200),
        answers.answer(204),
        answers.answer(401),
        answers.answer(302),
        answers.answer(302, Location="http://127.0.0.1:x/"),
    ):
        registry = field.registry()
        field.image(registry, size=3_000_000)
        layer = max(registry.blobs, key=lambda d: len(registry.blobs[d]))
        cut = answers.times(1, answers.serve(most=_CUT))
        registry.on(
            f"GET .*/blobs/{layer}",
            lambda h, odd=action, cut=cut: (
                odd(h) if "Range" in h.headers else cut(h)
            ),
        )
        _first(field, f"{registry.host}/team/app:1")


@row(
    "Redirects to addresses with an account in them, or that are none: "
    "``http://host:port/``, ``https:///x``.",
    "An account is neither sent nor shown; what is no address is named so, "
    "with the host that said it.",
)
def addresses(field):
    account = f"u:{base.PASSWORD}"
    for place, code, word in (
        (f"http://{account}@127.0.0.1:9/x", "source_unavailable", "1:9"),
        ("http://127.0.0.1:port/", "source_error", "no address"),
        ("http://127.0.0.1:99999/", "source_error", "no address"),
        ("https:///x", "source_error", "no address"),
    ):
        registry, name = _named(field)
        registry.on("/blobs/", answers.answer(307, Location=place))
        field.fails(name, code, word)
    registry, name = _named(field)
    login.wants(registry, login.bearer(registry))
    place = f"http://{account}@127.0.0.1:9/x"
    registry.on("/token", answers.answer(307, Location=place))
    field.fails(name, "source_unavailable", "127.0.0.1:9")


@row(
    "HEAD of a manifest is answered by hanging up, by what is no HTTP, or by "
    "redirects in a circle or to nowhere.",
    "GET is used.",
)
def head_breaks(field):
    def hang_up(handler):
        handler.close_connection = True
        return True

    def shout(handler):
        handler.wfile.write(b"what?\r\n\r\n")
        return hang_up(handler)

    for action in (
        hang_up,
        shout,
        lambda h: not h.answer(302, Location=h.path),
        answers.answer(302),
    ):
        registry, name = _named(field)
        registry.on("HEAD .*/manifests/", action)
        _first(field, name)


@row(
    "The token server asks to wait with a time of day, a fraction, "
    "milliseconds, ``RateLimit-Reset``, or with 403 and ``Retry-After``.",
    "All wait for that long; the account is not held to be wrong.",
)
def token_limits(field):
    soon = time.time() + 2
    for status, headers in (
        (429, {"Retry_After": str(int(soon))}),
        (429, {"Retry_After": str(int(soon * 1000))}),
        (429, {"Retry_After": "1.5"}),
        (429, {"x_ms_retry_after_ms": "900"}),
        (429, {"RateLimit_Remaining": "0", "RateLimit_Reset": "1"}),
        (403, {"Retry_After": "1"}),
    ):
        registry, name = _named(field)
        login.wants(registry, login.bearer(registry))
        login.give(field, registry)
        limited = answers.answer(status, **headers)
        registry.on("/token", answers.times(1, limited))
        _first(field, name)


@row(
    "The token server redirects to the same address again and again.",
    "It is asked once for each attempt; the error names it.",
)
def a_circle_of_tokens(field):
    registry, name = _named(field)
    login.wants(registry, login.bearer(registry))
    registry.on("/token", lambda h: not h.answer(302, Location=h.path))
    field.fails(name, "source_unavailable", registry.host, "endlessly")


@row(
    "``Basic`` behind fifty ``Bearer`` challenges whose token servers are "
    "not there.",
    "The account is sent with ``Basic``.",
)
def fifty_challenges(field):
    registry, name = _named(field)
    bearers = (
        f'Bearer realm="http://127.0.0.1:9/{number}"' for number in range(50)
    )
    login.wants(registry, *bearers, "Basic realm=x", accepts=login.basic)
    login.give(field, registry)
    field.succeeds(name)


@row(
    "An account whose ``auth`` is wrapped in lines, as base64(1) does it.",
    "It is read, as engines' clients do.",
)
def a_wrapped_account(field):
    registry, name = _named(field)
    login.wants(registry, "Basic realm=x", accepts=login.basic)
    pair = base64.b64encode(f"{login.USER}:{base.PASSWORD}".encode()).decode()
    login.give(field, registry, auth=f"{pair[:20]}\r\n{pair[20:]}\n")
    field.succeeds(name)


@row(
    "The entry of another platform is named by a digest of a new algorithm, "
    "such as ``blake3``.",
    "It does not matter; if it is the one that is wanted, the image is "
    "refused.",
)
def a_new_algorithm(field):
    registry = field.registry()
    entry = handmade.put(registry, handmade.image(registry), tag="entry")
    new = entry | {"digest": "blake3:" + 64 * "a"}
    arm64 = handmade.platform("linux/arm64")
    listed = handmade.index(new | arm64, entry | _AMD64)
    handmade.put(registry, listed, images.OCI_INDEX)
    field.succeeds(handmade.name(registry))
    other = handmade.index(new | _AMD64, entry | arm64)
    handmade.put(registry, other, images.OCI_INDEX, "2")
    name = handmade.name(registry, "2")
    handmade.all_refused(field, {name: "none of those that are known"})


@row(
    "A layer whose size has 5,000 digits.",
    "Refused at once.",
)
def a_long_number(field):
    registry = field.registry()
    manifest = handmade.image(registry)
    size = f'"size": {manifest["layers"][0]["size"]}'
    body = json.dumps(manifest).replace(size, '"size": ' + "9" * 5000)
    name = handmade.named(registry, body.encode())
    handmade.all_refused(field, {name: "digits"})


@row(
    "A mirror answers everything with JSON that has words of manifests, or "
    "gives a tag the digest of something that the registry does not have.",
    "The registry itself is asked.",
)
def mirrors_that_look_right(field):
    schema_1 = b'{"schemaVersion": 1, "fsLayers": []}'
    registries, mirrors = [], []
    for body, served in (
        (b'{"config": {"a": 1}}', "application/json"),
        (b'{"schemaVersion": 2}', "application/json"),
        (b'{"mediaType": "application/problem+json"}', "application/json"),
        (schema_1, "application/vnd.docker.distribution.manifest.v1+json"),
    ):
        registry, mirror = field.registry(), field.registry()
        field.image(registry)
        mirror.on("", answers.answer(200, body, Content_Type=served))
        registries.append(registry)
        mirrors.append(f"{registry.host}={mirror.host}")
    service = field.start({"registry": {"mirrors": ",".join(mirrors)}})
    for registry in registries:
        field.succeeds(f"{registry.host}/team/app:1", service)
