# SPDX-License-Identifier: Apache-2.0
"""Registries with ways of their own."""

from tests.field import registry as answers
from tests.field.row import row

PAGE = answers.answer(
    200, b"<!doctype html><title>Welcome</title>", Content_Type="text/html"
)
MANIFEST = "/manifests/"


def named(field, **how):
    """Start a registry with an image; gives both names."""
    registry = field.registry()
    field.image(registry, **how)
    return registry, f"{registry.host}/team/app:1"


def without_head(action):
    """Make a row of a way not to serve HEAD."""

    def play(field):
        registry, name = named(field)
        registry.on(f"HEAD .*{MANIFEST}", action)
        field.succeeds(name)
        asked = registry.count(f"HEAD .*{MANIFEST}")
        field.assertEqual("unchanged", field.succeeds(name)["outcome"])
        field.assertEqual(asked, registry.count(f"HEAD .*{MANIFEST}"))

    return play


# Nexus 2 and 3 (HEAD), CNCF Distribution (405 with token logins), S3
# as a static registry (distribution pull request 2384).
@row(
    "HEAD of a manifest is answered with 405, 404, 403, 400, 500 or 501.",
    "GET is used, and for a quarter of an hour HEAD is not tried again.",
)
def head_is_not_served(field):
    for status in (405, 404, 403, 400, 500, 501):
        without_head(answers.answer(status))(field)


@row(
    "HEAD tells no digest, an empty one, or something else.",
    "The same.",
)
def head_tells_no_digest(field):
    for digest in (None, "", "sha256:abc"):
        without_head(answers.serve(Docker_Content_Digest=digest))(field)


@row(
    "HEAD tells another digest than that of the manifest.",
    "The next attempt looks at the manifest itself; that is what counts.",
)
def head_is_wrong(field):
    registry, name = named(field)
    wrong = answers.serve(Docker_Content_Digest="sha256:" + 64 * "a")
    registry.on(f"HEAD .*{MANIFEST}", wrong)
    found = field.succeeds(name)
    field.assertNotIn(64 * "a", str(found["image"]))


@row(
    "The image is not there: GET says so in the words of a registry.",
    "The operation fails at once as reference_not_found.",
)
def not_there(field):
    registry, name = named(field)
    found = field.fails(
        name.replace(":1", ":2"), "reference_not_found", registry.host
    )
    field.assertEqual(1, found["attempt"])


@row(
    "A load balancer has lost its registry: a bare 404 for everything.",
    "That is an outage, not the end of an image; it is tried again.",
)
def a_bare_404(field):
    registry, name = named(field)
    registry.on("", answers.answer(404, b"default backend - 404"))
    field.fails(name, "source_unavailable", registry.host, "404")


@row(
    "A web page with status 200 stands where the registry was.",
    "The error names the host, and asks whether a proxy stands in between.",
)
def a_page(field):
    registry, name = named(field)
    registry.on("", PAGE)
    field.fails(name, "source_unavailable", registry.host, "web page")


@row(
    "A network that wants a login redirects everything to its own page.",
    "The error names both hosts.",
)
def a_captive_portal(field):
    registry, name = named(field)
    portal = field.registry()
    portal.on("", PAGE)
    there = f"http://{portal.host}/login"
    registry.on("", answers.answer(302, Location=there))
    field.fails(
        name, "source_unavailable", f"{portal.host}, to which {registry.host}"
    )


# nginx, Cloudflare, AWS, Google: see "What is tried again".
@row(
    "A proxy, a CDN or a load balancer answers once with 408, 425, 499, 502, "
    "504, 520, 522 or 530.",
    "The request is sent again at once; the first attempt succeeds.",
)
def statuses_that_pass(field):
    for status in (408, 425, 499, 502, 504, 520, 522, 530):
        registry, name = named(field)
        registry.on(MANIFEST, answers.times(1, answers.answer(status)))
        field.assertEqual(1, field.succeeds(name)["attempt"])


@row(
    "A registry refuses with 400, 405, 406, 410 or 451.",
    "The operation fails at once, with the host and the status.",
)
def statuses_that_do_not_pass(field):
    for status in (400, 405, 406, 451):
        registry, name = named(field)
        registry.on(MANIFEST, answers.answer(status))
        found = field.pull(name)
        field.assertEqual(("failed", 1), (found["state"], found["attempt"]))
        field.assertIn(f"{registry.host} said {status}", str(found["error"]))


# Quay with replication, Harbor's proxy projects.
@row(
    "A blob of the manifest is not there yet: BLOB_UNKNOWN, for a moment.",
    "It is asked for again.",
)
def a_blob_that_comes_late(field):
    registry, name = named(field)
    late = answers.error(404, "BLOB_UNKNOWN")
    registry.on("GET .*/blobs/", answers.times(1, late))
    field.assertEqual(1, field.succeeds(name)["attempt"])


@row(
    "Redirects: relative ones, 301 to 308, seven in a row.",
    "They are followed.",
)
def redirects(field):
    for status in (301, 302, 303, 307, 308):
        registry, name = named(field)

        def follow(handler, status=status):
            _, _, number = handler.path.partition("?")
            if int(number or 0) >= 7:
                return None
            place = f"?{int(number or 0) + 1}"
            return handler.answer(status, Location=place) or True

        registry.on("GET .*/blobs/", follow)
        field.succeeds(name)


@row(
    "A redirect to itself, or without an address.",
    "The operation fails, and the error names the host.",
)
def redirects_to_nowhere(field):
    registry, name = named(field)
    registry.on(
        "GET .*/blobs/",
        lambda handler: handler.answer(307, Location=handler.path) or True,
    )
    field.fails(name, "source_unavailable", registry.host, "without end")
    registry, name = named(field)
    registry.on("GET .*/blobs/", answers.answer(307))
    field.fails(name, "source_error", registry.host, "does not say where")


@row(
    "An answer is preceded by 103 Early Hints.",
    "They are skipped.",
)
def early_hints(field):
    registry, name = named(field)

    def hint(handler):
        handler.send_response_only(103)
        handler.send_header("Link", "</x>; rel=preload")
        handler.end_headers()

    registry.on(MANIFEST, hint)
    field.succeeds(name)


@row(
    "The server closes a connection at the moment it is used again.",
    "The request is sent on a new one at once, and not counted.",
)
def a_stale_connection(field):
    registry, name = named(field)
    served = set()

    def hang_up(handler):
        if handler.connection not in served:
            served.add(handler.connection)
            return None
        handler.close_connection = True
        return True

    registry.on("", hang_up)
    field.assertEqual(1, field.succeeds(name)["attempt"])
