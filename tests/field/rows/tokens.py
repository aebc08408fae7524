# SPDX-License-Identifier: Apache-2.0
"""Token servers."""

import json

from tests.field import base
from tests.field import login
from tests.field import registry as answers
from tests.field.row import row


@row(
    "Tokens as ``access_token`` alone, beside an empty ``token``, or with an "
    "``expires_in`` that is text, absent, 0, negative or without end.",
    "Each of them is used, and for at least a minute where no time makes "
    "sense.",
)
def forms_of_tokens(field):
    for values in (
        {"token": None, "access_token": login.TOKEN},
        {"token": "", "access_token": login.TOKEN},
        {"expires_in": "300"},
        {"expires_in": None},
        {"expires_in": 0},
        {"expires_in": -1},
        {"expires_in": float("inf")},
        {"issued_at": "0001-01-01T00:00:00Z"},
    ):
        registry = field.registry()
        field.image(registry)
        login.wants(registry, login.bearer(registry))
        registry.on(
            "/token", lambda handler, v=values: login.gives(handler, **v)
        )
        field.succeeds(f"{registry.host}/team/app:1")
        field.assertEqual(1, registry.count("/token"), values)


@row(
    "No token in an answer 200: a page for people, JSON of another kind, a "
    "megabyte, line breaks.",
    "The image fails with ``source_unavailable``, which names the token "
    "server.",
)
def no_token(field):
    for body in (
        b"<html>Sign in</html>",
        b'{"token": "a\\r\\nX-Injected: 1"}',
        json.dumps({"token": "x" * 1024 * 1024}).encode(),
    ):
        registry = field.registry()
        field.image(registry)
        login.wants(registry, login.bearer(registry))
        registry.on("/token", answers.answer(200, body))
        field.fails(
            f"{registry.host}/team/app:1",
            "source_unavailable",
            registry.host,
            "gives no token",
        )


@row(
    "The token server answers 429 or 503 with ``Retry-After: 120`` while ten "
    "images are looked up.",
    "One request: all wait as told, with ``rate_limited``.",
)
def a_limit(field):
    for status in (429, 503):
        registry = field.registry()
        names = [f"team/app{number}" for number in range(10)]
        for name in names:
            field.image(registry, name)
        login.wants(registry, login.bearer(registry))
        registry.on("/token", answers.answer(status, Retry_After=120))
        caller = field.service.caller
        begun = [caller.pull(f"{registry.host}/{name}:1") for name in names]
        for operation in begun:
            said = login.waits(field, operation, "rate_limited")
            field.assertIn(registry.host, said)
        field.assertEqual(1, registry.count("/token"))
        field.most = 2


# https://gitlab.com/gitlab-org/gitlab: app/controllers/jwt_controller.rb
@row(
    "The token server answers 401 to a stale password (GitLab, Harbor, "
    "Docker Hub, Quay) while 30 images of a list are looked up.",
    "One request has the password; all images fail with the reason, and the "
    "account is left alone for ten minutes, or until its file changes.",
)
def a_stale_password(field):
    registry, names = field.registry(), []
    for number in range(30):
        field.image(registry, f"team/app{number}")
        names.append(f"{registry.host}/team/app{number}:1")
    login.wants(registry, login.bearer(registry))
    registry.on("/token", answers.error(401, "UNAUTHORIZED", "wrong"))
    login.give(field, registry)
    parts = field.sync(names, field.service)
    for name in names:
        message = parts[name]["error"]["message"]
        for word in (registry.host, login.USER, "auth_file", "left alone"):
            field.assertIn(word, message)
    field.assertEqual(1, len(login.passwords(registry)))
    registry.on("/token", lambda handler: login.gives(handler))
    login.give(field, registry, username="new", password="word")
    field.succeeds(names[0])


@row(
    "A registry with ``Basic`` refuses a stale password (docker-registry "
    "with htpasswd, Nexus).",
    "The same: one request has it, and no other image is asked for.",
)
def a_stale_password_for_basic(field):
    registry, names = field.registry(), []
    for number in range(10):
        field.image(registry, f"team/app{number}")
        names.append(f"{registry.host}/team/app{number}:1")
    login.wants(registry, "Basic realm=x", accepts=lambda header: False)
    login.give(field, registry)
    parts = field.sync(names, field.service)
    for name in names:
        field.assertIn("left alone", parts[name]["error"]["message"])
    field.assertEqual(1, len(login.passwords(registry)))


# GitLab: "DENIED", "access forbidden"; GHCR: "DENIED", "denied"
@row(
    "The token server answers 403 ``DENIED`` for one repository (GitLab, "
    "GHCR, Google).",
    "That image fails with ``registry_denied``; the account goes on being "
    "used for others.",
)
def one_repository(field):
    registry = field.registry()
    field.image(registry, "team/secret")
    field.image(registry, "team/open")
    login.wants(registry, login.bearer(registry))
    registry.on("/token.*secret", answers.error(403, "DENIED", "forbidden"))
    login.give(field, registry)
    field.fails(
        f"{registry.host}/team/secret:1", "registry_denied", login.USER
    )
    field.succeeds(f"{registry.host}/team/open:1")


@row(
    "A private repository among public ones, and no account: 401 from the "
    "token server (GHCR) or from the registry (Docker Hub).",
    "That image fails and the error says that an account is needed; the "
    "others are copied.",
)
def a_private_repository(field):
    registry = field.registry()
    field.image(registry, "team/secret")
    field.image(registry, "team/open")
    login.wants(registry, login.bearer(registry))
    registry.on("/token.*secret", answers.error(401, "UNAUTHORIZED"))
    for _ in range(2):
        field.fails(
            f"{registry.host}/team/secret:1",
            "registry_denied",
            "without an account",
        )
    field.succeeds(f"{registry.host}/team/open:1")


# https://github.com/moby/buildkit: 404 of GCR, 405, 400 of ACR to POST
@row(
    "404 or 405 to the POST of an identity token (Azure, older GCR), or 405 "
    "to the GET with a password.",
    "The other method is tried.",
)
def the_other_method(field):
    user = {"auth": "MDAwMDA6"}
    password = {"username": "u", "password": "w"}
    for status, wrong, entry in (
        (404, "POST", user | {"identitytoken": "i"}),
        (405, "POST", user | {"identitytoken": "i"}),
        (405, "GET", password),
    ):
        registry = field.registry()
        field.image(registry)
        login.wants(registry, login.bearer(registry))
        registry.on("POST /token", lambda handler: login.gives(handler))
        registry.on(f"{wrong} /token", answers.answer(status))
        login.give(field, registry, **entry)
        field.succeeds(f"{registry.host}/team/app:1")


@row(
    "The token server redirects: to another path of its host, or to another "
    "host.",
    "It is followed on the same host; another host gets no password, and the "
    "image fails.",
)
def redirects(field):
    registry, stranger = field.registry(), field.registry()
    field.image(registry)
    login.wants(registry, login.bearer(registry))
    login.give(field, registry)
    registry.on("GET /moved", lambda handler: login.gives(handler))
    registry.on(
        "GET /token",
        lambda handler: (
            not handler.answer(
                301, Location=handler.path.replace("/token", "/moved")
            )
        ),
    )
    field.succeeds(f"{registry.host}/team/app:1")
    other = field.registry()
    field.image(other)
    login.wants(other, login.bearer(other))
    login.give(field, other)
    place = f"http://localhost:{stranger.host.rpartition(':')[2]}/token"
    other.on("GET /token", answers.answer(301, Location=place))
    field.fails(f"{other.host}/team/app:1", "registry_denied", "localhost")
    field.assertEqual([], stranger.seen)


# https://github.com/goharbor/harbor/issues/3114 and 3933
@row(
    "A registry with TLS names its token server with ``http://`` (Harbor and "
    "GitLab behind a proxy that ends TLS).",
    "It is asked with TLS on the same host; no password goes in the clear.",
)
def a_plain_realm(field):
    registry, plain = field.registry(tls=True), field.registry()
    field.image(registry)
    port = plain.host.rpartition(":")[2]
    service = field.start(base.trust())
    login.give(field, registry, service)
    plain.on(
        "/token",
        lambda handler: (
            not handler.answer(301, Location=f"{registry.url}{handler.path}")
        ),
    )
    for realm in (
        registry.url.replace("https://", "http://"),
        f"http://localhost:{port}",
    ):
        login.wants(registry, f'Bearer realm="{realm}/token",service="s"')
        registry.seen.clear()
        field.succeeds(f"{registry.host}/team/app:1", service)
        login.give(field, registry, service, username="next", password="w")
    field.assertEqual([], login.passwords(plain))
