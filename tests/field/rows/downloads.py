# SPDX-License-Identifier: Apache-2.0
"""Downloads that break."""

import gzip
import time

from tests.field import base
from tests.field import registry as answers
from tests.field.row import row
from tests.fixtures import wait


@row(
    "The connection breaks once in the middle of a layer.",
    "The download goes on where it broke; nothing is sent twice.",
)
def one_break(field):
    registry = field.registry()
    field.image(registry, size=3_000_000)
    cut = answers.serve(most=1_000_000)
    registry.on("GET .*/blobs/", answers.times(1, cut))
    field.succeeds(f"{registry.host}/team/app:1")


@row(
    "A registry that speaks TLS with a certificate of a private authority.",
    "Its certificate is checked against [registry] ca_file.",
)
def a_private_authority(field):
    registry = field.registry(tls=True)
    service = field.start(base.trust())
    field.image(registry)
    field.succeeds(f"{registry.host}/team/app:1", service)


#: Bytes of a layer, and where it breaks.
SIZE = 3_000_000
CUT = 1_000_000
#: The layer alone: the configuration is shorter than this.
BLOB = "GET .*/blobs/"


def broken(field, action, **how):
    """Push an image whose layer is answered by an action; gives its name."""
    registry = field.registry()
    pushed = field.image(registry, size=SIZE)

    def layer(handler):
        if pushed.image_id in handler.path:
            return None
        return action(handler)

    registry.on(BLOB, layer)
    return registry, f"{registry.host}/team/app:1"


def then(first, rest):
    """Answer the first request in one way and the others in another one."""
    once = answers.times(1, first)
    return lambda handler: once(handler) or rest(handler)


def ranged(action):
    """Answer in some way where a part is asked for."""
    return lambda handler: "Range" in handler.headers and action(handler)


def layers(registry):
    """List the ranges that were asked for of whatever broke."""
    return [
        each.headers.get("range")
        for each in registry.seen
        if each.method == "GET" and "/blobs/" in each.path
    ]


@row(
    "A cache ignores ranges and breaks off at the same byte each time.",
    "Given up after [registry] attempts requests without a new byte.",
)
def the_same_byte_each_time(field):
    registry, name = broken(field, answers.serve(ranges=False, most=CUT))
    field.fails(name, "source_unavailable", registry.host)
    # Four for each of two attempts, and one each for the configuration.
    field.assertLessEqual(len(layers(registry)), 10, layers(registry))


@row(
    "A server gives one new byte with each request.",
    "It ends: so many breaks are not worth what they bring.",
)
def a_byte_each_time(field):
    service = field.start(
        {"registry": {"attempts": "1"}, "conductor": {"max_attempts": "1"}}
    )
    registry, name = broken(field, answers.serve(most=1))
    field.fails(name, "source_unavailable", service=service)
    field.assertLessEqual(len(layers(registry)), 30)


def _refused(status, **headers):
    def play(field):
        refuse = answers.answer(status, b"<Error></Error>", **headers)
        registry, name = broken(
            field, then(answers.serve(most=CUT), ranged(refuse))
        )
        field.succeeds(name)
        field.assertIsNone(layers(registry)[-1])

    return play


# https://github.com/kubernetes/registry.k8s.io/issues/333: a CDN that
# answered ranges with 400; 416 as go-containerregistry's own registry.
@row(
    "A download breaks, and going on is refused with 400 and XML.",
    "The whole blob is asked for once more.",
)
def going_on_is_refused_with_400(field):
    _refused(400)(field)


@row(
    "... with 403, 404, 412, 416, 500 or 501.",
    "The same.",
)
def going_on_is_refused_otherwise(field):
    for status in (403, 404, 412, 416, 500, 501):
        _refused(status)(field)


@row(
    "... with a part that does not say where it begins.",
    "The same.",
)
def a_part_of_nowhere(field):
    _refused(206)(field)


@row(
    "... with a part that begins somewhere else.",
    "The same.",
)
def another_part(field):
    _refused(206, Content_Range="bytes 2000000-2999999/3000000")(field)


@row(
    "The address of storage has expired when the download goes on.",
    "The registry is asked for a new one, and the download goes on there.",
)
def an_expired_address(field):
    registry = field.registry()
    storage = field.registry()
    pushed = field.image(registry, size=SIZE)
    storage.blobs = registry.blobs
    turns = iter(range(100))

    def redirect(handler):
        if pushed.image_id in handler.path:
            return None
        place = f"http://{storage.host}{handler.path}?signed={next(turns)}"
        return handler.answer(307, Location=place) or True

    def first(handler):
        if "Range" in handler.headers:
            return handler.error(403, "AccessDenied", "Request has expired")
        return handler.serve(most=CUT)

    registry.on(BLOB, redirect)
    storage.on("signed=0", first)
    storage.on("signed=1", answers.error(403, "AccessDenied"))
    field.succeeds(f"{registry.host}/team/app:1")
    field.assertEqual(f"bytes={CUT}-", storage.seen[-1].headers["range"])


@row(
    "A proxy packs manifests and layers with gzip, though nobody asked.",
    "They are unpacked; digests are those of what comes out.",
)
def a_proxy_that_packs(field):
    registry = field.registry()
    field.image(registry)

    def pack(handler):
        headers, body = handler.content()
        return (
            handler.answer(
                200,
                gzip.compress(body),
                Content_Encoding="gzip",
                Content_Type=headers.get("Content-Type", "x/y"),
            )
            or True
        )

    registry.on("GET .*/(blobs|manifests)/sha256:", pack)
    field.succeeds(f"{registry.host}/team/app:1")


@row(
    "A layer comes without a length, in chunks, or ends by closing.",
    "Its length is that of the manifest; the image arrives.",
)
def without_a_length(field):
    def chunks(handler):
        _, body = handler.content()
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for piece in (body[:CUT], body[CUT:], b""):
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        return True

    def close(handler):
        _, body = handler.content()
        handler.protocol_version = "HTTP/1.0"
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body[:CUT])
        handler.close_connection = True
        return True

    _, name = broken(field, chunks)
    field.succeeds(name)
    registry, name = broken(field, answers.times(1, close))
    field.succeeds(name)
    field.assertEqual(f"bytes={CUT}-", layers(registry)[-1])


@row(
    "A manifest, or a layer, drips: a byte now and then.",
    "A manifest is given up after [registry] read_timeout in all, a layer "
    "below [registry] lowest_rate.",
)
def drips(field):
    service = field.start(
        {
            "registry": {
                "read_timeout": "1",
                "attempts": "1",
                "lowest_rate": "1000000",
            },
            "conductor": {"max_attempts": "1"},
        }
    )
    registry = field.registry()
    field.image(registry)
    registry.on("GET .*/manifests/", _drip)
    _, name = broken(field, _drip)
    for each in (f"{registry.host}/team/app:1", name):
        field.fails(each, "source_unavailable", "took longer", service=service)


def _drip(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(handler.content()[1])))
    handler.end_headers()
    drip(handler)
    return True


def drip(handler):
    """Send bytes, a few a second, until the caller goes away."""
    try:
        for _ in range(600):
            handler.wfile.write(b" ")
            time.sleep(0.1)
    except OSError:
        handler.close_connection = True


@row(
    "A manifest drips, and the operation is cancelled.",
    "It ends within seconds.",
)
def cancelled_while_it_drips(field):
    service = field.start({"registry": {"read_timeout": "600"}})
    registry = field.registry()
    field.image(registry)
    registry.on("GET .*/manifests/", _drip)
    caller = service.caller
    field.most += base.MOST
    waiting = caller.pull(f"{registry.host}/team/app:1")
    wait.until(lambda: registry.count("GET .*/manifests/"), "a request")
    caller.call("DELETE", f"/v1/operations/{waiting['id']}")
    found = caller.ended(waiting, 30)
    field.assertEqual("cancelled", found["state"])
