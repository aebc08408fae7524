# SPDX-License-Identifier: Apache-2.0
"""Ways in which registries ask for a login."""

from tests.field import base
from tests.field import login
from tests.field.row import row


@row(
    "One registry of a list answers 401 with challenges that are broken: "
    "``Bearer realm=``, empty values, an unfinished IPv6 address, 30 kB of "
    "garbage, or none at all.",
    "Its images fail with ``registry_denied`` and what it said; those of "
    "other registries are copied.",
)
def broken_challenges(field):
    registry = field.registry()
    field.image(registry)
    bad = (
        "Bearer realm=",
        'Bearer realm="https://[::1/token",service=x',
        'Bearer realm="ftp://example.org/token"',
        'Bearer realm="https://example.org\\\\@127.0.0.1/token"',
        "Bearer",
        "x" * 30_000,
        "\xff;;=,",
        None,
    )
    lines = []
    for number, challenge in enumerate(bad):
        host = field.registry()
        field.image(host, f"bad/app{number}")
        login.wants(host, challenge)
        lines.append(f"{host.host}/bad/app{number}:1")
    good = f"{registry.host}/team/app:1"
    parts = field.sync([*lines[:4], good, *lines[4:]], field.service)
    field.assertEqual(("succeeded", None), base.outcome(parts[good]))
    for line in lines:
        field.assertEqual(
            ("failed", "registry_denied"), base.outcome(parts[line])
        )
        field.assertIn(line, parts[line]["error"]["message"])


@row(
    "A header of more than 64 kB in front of the answer 401.",
    "Only that image fails, with ``source_unavailable``.",
)
def a_huge_header(field):
    registry = field.registry()
    field.image(registry)
    login.wants(registry, f'Bearer realm="{"x" * 100_000}"')
    field.fails(f"{registry.host}/team/app:1", "source_unavailable")


# https://github.com/google/go-containerregistry/pull/1075 (nginx with SPNEGO)
@row(
    "``Negotiate``, ``Digest`` and ``Basic`` in headers of their own, and a "
    "broken ``Bearer`` among them.",
    "``Basic`` is used.",
)
def several_headers(field):
    registry = field.registry()
    field.image(registry)
    login.wants(
        registry,
        "Negotiate",
        'Digest qop="auth,auth-int", nonce="a=b"',
        "Bearer realm=",
        'Basic realm="x, \\"y\\""',
        accepts=login.basic,
    )
    login.give(field, registry)
    field.succeeds(f"{registry.host}/team/app:1")


# https://github.com/devcontainers/cli/pull/884 (Nexus)
@row(
    "``BASIC realm=...`` in capitals (Sonatype Nexus).",
    "The case of a scheme means nothing.",
)
def capitals(field):
    registry = field.registry()
    field.image(registry)
    login.wants(registry, 'BASIC realm="Nexus"', accepts=login.basic)
    login.give(field, registry)
    field.succeeds(f"{registry.host}/team/app:1")


# https://github.com/prowler-cloud/prowler/pull/12691
@row(
    "``Basic`` and ``Bearer`` in one header, ``Basic`` first.",
    "A token is asked for: the stronger one counts.",
)
def the_stronger(field):
    registry = field.registry()
    field.image(registry)
    login.wants(registry, f"Basic realm=x, {login.bearer(registry)}")
    login.give(field, registry)
    field.succeeds(f"{registry.host}/team/app:1")
    field.assertEqual([], login.passwords(registry, "/v2/"))


@row(
    "``Bearer`` whose token server answers 404, beside ``Basic``.",
    "The account is sent with ``Basic``.",
)
def the_next_one(field):
    registry = field.registry()
    field.image(registry)
    login.wants(
        registry,
        f"{login.bearer(registry)}, Basic realm=x",
        accepts=login.basic,
    )
    registry.on("/token", lambda handler: handler.error(404, "NOT_FOUND"))
    login.give(field, registry)
    field.succeeds(f"{registry.host}/team/app:1")


# https://github.com/nicholas-fedor/watchtower/pull/1895 (Artifact Registry),
# https://github.com/genuinetools/reg/issues/72
@row(
    "A realm and nothing else (Google Artifact Registry); values without "
    "quotes; blanks in place of commas.",
    "An anonymous token is asked for, without an empty service.",
)
def sparse_challenges(field):
    for extra in ("", ",service=registry.example.org", ' service="x"'):
        registry = field.registry()
        field.image(registry)
        realm = f"http://{registry.host}/token"
        login.wants(registry, f'Bearer realm="{realm}"{extra}')
        field.succeeds(f"{registry.host}/team/app:1")
        service = registry.count(r"/token.*[?&]service=(&|$)")
        field.assertEqual(0, service)


# https://github.com/apple/container/issues/454 (Gitea); ECR Public: "aws"
@row(
    "A scope that names no repository: ``*`` (Gitea, Forgejo), ``aws`` "
    "(Amazon ECR Public).",
    "It is asked for, and the repository as well.",
)
def scopes_of_their_own(field):
    for scope in ("*", "aws"):
        registry = field.registry()
        field.image(registry)
        login.wants(registry, login.bearer(registry, scope=scope))
        field.succeeds(f"{registry.host}/team/app:1")
        asked = login.asked(registry)
        field.assertEqual(
            ["repository:team/app:pull", scope], asked[-1]["scope"]
        )


@row(
    "A proxy in front of a registry calls its repositories by other names, "
    "and the challenge has the name that the token server knows.",
    "The token is for the repository that the challenge names, to read.",
)
def another_name(field):
    registry = field.registry()
    field.image(registry)
    scope = "repository:hub-proxy/team/app:pull,push"
    login.wants(registry, login.bearer(registry, scope=scope))
    field.succeeds(f"{registry.host}/team/app:1")
    field.assertEqual(
        ["repository:hub-proxy/team/app:pull"],
        login.asked(registry)[-1]["scope"],
    )


@row(
    "The registry refuses each token with ``insufficient_scope``.",
    "The image fails with ``registry_denied`` after two requests.",
)
def insufficient_scope(field):
    registry = field.registry()
    field.image(registry)
    login.wants(
        registry,
        login.bearer(registry) + ',error="insufficient_scope"',
        accepts=lambda header: False,
    )
    registry.seen.clear()
    field.fails(f"{registry.host}/team/app:1", "registry_denied")
    field.assertEqual(2, registry.count("/v2/team/app/"))
    field.assertEqual(1, registry.count("/token"))


# CVE-2020-15157 (containerd)
@row(
    "Storage, where the registry's redirect leads, answers 401 and names a "
    "token server.",
    "It gets no password and no request for a token.",
)
def a_challenge_of_storage(field):
    registry, storage = field.registry(), field.registry()
    field.image(registry)
    login.wants(registry, login.bearer(registry))
    login.wants(storage, login.bearer(storage))
    login.give(field, registry)
    registry.on(
        "GET .*/blobs/",
        lambda handler: (
            handler.headers.get("Authorization")
            and not handler.answer(
                307, Location=f"http://{storage.host}{handler.path}"
            )
        ),
    )
    found = field.pull(f"{registry.host}/team/app:1")
    field.assertEqual("failed", found["state"])
    field.assertEqual(0, storage.count("/token"))
    for seen in storage.seen:
        field.assertNotIn("authorization", seen.headers)


@row(
    "A registry without TLS names a token server on another host.",
    "That host gets no password; the error names it and what to set.",
)
def a_strangers_realm(field):
    registry, stranger = field.registry(), field.registry()
    field.image(registry)
    place = stranger.host.replace("127.0.0.1", "localhost")
    login.wants(registry, f'Bearer realm="http://{place}/token"')
    service = field.start({"registry": {"insecure": "127.0.0.1"}})
    login.give(field, registry, service)
    field.fails(
        f"{registry.host}/team/app:1",
        "registry_denied",
        place,
        service=service,
    )
    field.assertEqual([], login.passwords(stranger))


# https://github.com/containerd/containerd/issues/3291 (GitHub Packages)
@row(
    "The registry tells strangers 404, or 401 without a challenge, and wants "
    "a login at ``/v2/`` alone, where engines ask first.",
    "It is asked there, and logged in to.",
)
def hidden_from_strangers(field):
    for status in (401, 403, 404):
        registry = field.registry()
        field.image(registry)
        login.wants(registry, login.bearer(registry))
        registry.on(
            "(GET|HEAD) /v2/.+/",
            lambda handler, status=status: (
                not handler.headers.get("Authorization")
                and handler.error(status, "UNKNOWN")
            ),
        )
        field.succeeds(f"{registry.host}/team/app:1")
