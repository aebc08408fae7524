# SPDX-License-Identifier: Apache-2.0
"""Where registries lead the service to."""

from collections.abc import Iterator
import contextlib
import json
import select
import socket

from tests.field import base
from tests.field import login
from tests.field import registry as answers
from tests.field.row import row
from tests.fixtures import forward_proxy

#: Where clouds keep what their machines may know.
METADATA = ("169.254.169.254", "[fd00:ec2::254]", "[fe80::a9fe:a9fe]")
#: Ways to write 127.0.0.1.
ODD = ("2130706433", "0x7f.1", "127.1", "[::ffff:127.0.0.1]", "localhost.")
BLOB = "GET .*/blobs/"
SECRET = "nobodys-business"


@contextlib.contextmanager
def trap(field) -> Iterator[str]:
    """Listen where nobody may connect; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield str(listening.getsockname()[1])
        touched = select.select([listening], [], [], 0)[0]
        field.assertEqual([], touched)


def redirects(registry, place):
    """Let a registry redirect its layers."""
    registry.on(BLOB, answers.answer(307, Location=place))


@row(
    "A registry on the service's own machine that nobody has listed.",
    "It is not connected to, and the error says what to add where.",
)
def unlisted(field):
    service = field.start({"registry": {"insecure": ""}})
    with trap(field) as port:
        for host in ("localhost", "127.0.0.1", "0.0.0.0"):
            field.fails(
                f"{host}:{port}/team/app:1",
                "source_error",
                f"add {host}:{port} to [registry] insecure",
                service=service,
            )


@row(
    "One registry on the service's own machine is listed with its port; it "
    "redirects to ``http://`` at another port.",
    "Only the one that is listed is asked without TLS.",
)
def another_port(field):
    registry = field.registry()
    field.image(registry)
    service = field.start({"registry": {"insecure": registry.host}})
    field.succeeds(f"{registry.host}/team/app:1", service)
    field.image(registry, tag="2")
    with trap(field) as port:
        for host in ("127.0.0.1", "localhost", "user@127.0.0.1"):
            redirects(registry, f"http://{host}:{port}/containers/json")
            field.fails(
                f"{registry.host}/team/app:2",
                "source_error",
                f"{host.rpartition('@')[2]}:{port}",
                "[registry] insecure",
                service=service,
            )


# https://github.com/google/go-containerregistry/pull/2295
@row(
    "A redirect, of a layer or a manifest, or a token server leads to the "
    "metadata of a cloud: ``169.254.169.254``, ``fd00:ec2::254``.",
    "Nothing is sent there, not even for a registry on this machine; the "
    "error names both hosts.",
)
def metadata(field):
    for place in METADATA:
        for pattern in (BLOB, "(GET|HEAD) .*/manifests/"):
            registry = field.registry()
            field.image(registry)
            target = f"https://{place}/latest/meta-data/"
            registry.on(pattern, answers.answer(302, Location=target))
            field.fails(
                f"{registry.host}/team/app:1",
                "source_error",
                registry.host,
                place.strip("[]"),
            )
        registry = field.registry()
        field.image(registry)
        login.wants(registry, f'Bearer realm="https://{place}/token"')
        field.fails(
            f"{registry.host}/team/app:1", "source_error", place.strip("[]")
        )


# https://github.com/google/go-containerregistry/pull/2291
@row(
    "A token server redirects to the metadata of a cloud.",
    "It is not followed there.",
)
def metadata_behind_a_token_server(field):
    registry = field.registry()
    field.image(registry)
    login.wants(registry, login.bearer(registry))
    target = "https://169.254.169.254/latest/meta-data/token"
    registry.on("GET /token", answers.answer(302, Location=target))
    field.fails(
        f"{registry.host}/team/app:1", "source_error", "169.254.169.254"
    )


@row(
    "The redirect that leads inside is the last of three.",
    "It is refused as the first one would be.",
)
def the_last_of_three(field):
    registry, second, third = (field.registry() for _ in range(3))
    field.image(registry)
    redirects(registry, f"http://{second.host}/v2/x/blobs/1")
    redirects(second, f"http://{third.host}/v2/x/blobs/1")
    redirects(third, "https://169.254.169.254/")
    field.fails(
        f"{registry.host}/team/app:1", "source_error", "169.254.169.254"
    )
    field.assertTrue(third.seen)


@row(
    "Through a proxy, a registry with a public name redirects to inner "
    "addresses: as they are, as one number, in hexadecimal, mapped into "
    "IPv6, or by names such as ``metadata.google.internal`` and ``a.corp``.",
    "The proxy is not asked for them.",
)
def through_a_proxy(field):
    registry = field.registry(tls=True)
    field.image(registry)
    through = field.useFixture(forward_proxy.ForwardProxy(registry.host))
    service = field.start(base.trust(), {"HTTPS_PROXY": through.url})
    name = "r.example.org/team/app:1"
    for place in (
        *("10.0.0.1", "2852039166", "0xa9.254.169.254", "[fd00::1]"),
        *("metadata.google.internal", "a.corp", "minio"),
    ):
        redirects(registry, f"https://{place}/x")
        field.fails(name, "source_error", place.strip("[]"), service=service)
    field.assertEqual({"CONNECT r.example.org:443"}, set(through.seen))


@row(
    "Through a proxy, a registry with a public name redirects to this "
    "machine, in any spelling.",
    "It is not connected to.",
)
def this_machine_behind_a_proxy(field):
    registry = field.registry(tls=True)
    field.image(registry)
    through = field.useFixture(forward_proxy.ForwardProxy(registry.host))
    options = base.trust()
    options["registry"]["allowed_private_hosts"] = ""
    service = field.start(options, {"HTTPS_PROXY": through.url})
    with trap(field) as port:
        for place in (*ODD, "127.0.0.1", "localhost", "[::1]", "0.0.0.0"):
            redirects(registry, f"https://{place}:{port}/x")
            field.fails(
                "r.example.org/team/app:1",
                "source_error",
                "loopback",
                service=service,
            )
    field.assertEqual({"CONNECT r.example.org:443"}, set(through.seen))


@row(
    "Storage behind a public name is inside, and the operator lists it.",
    "It is asked, and its certificate is checked.",
)
def listed_storage(field):
    registry, storage = field.registry(tls=True), field.registry(tls=True)
    field.image(registry)
    storage.blobs = registry.blobs
    through = field.useFixture(forward_proxy.ForwardProxy(registry.host))

    def lead(handler):
        place = f"{storage.url}{handler.path}"
        return not handler.answer(307, Location=place)

    registry.on(BLOB, lead)
    for entry, state in (("", "failed"), (storage.host, "succeeded")):
        options = base.trust()
        options["registry"]["allowed_private_hosts"] = entry
        service = base.Service(
            field.path / f"with-{state}", options, {"HTTPS_PROXY": through.url}
        )
        field.addCleanup(service.close)
        found = field.pull("r.example.org/team/app:1", service)
        field.assertEqual(state, found["state"], found)
    field.assertTrue(storage.seen)


@row(
    "What a redirect leads to answers with an error: plain words, JSON of "
    "another program, XML, or in the form of registries.",
    "The error names the host and the status, and not a word of the answer.",
)
def foreign_words(field):
    form = {"errors": [{"code": "DENIED", "message": SECRET}]}
    for body in (
        SECRET,
        json.dumps({"message": SECRET}),
        json.dumps(form),
        f"<Error><Code>{SECRET}</Code><Message>{SECRET}</Message></Error>",
    ):
        registry, other = field.registry(), field.registry()
        field.image(registry)
        redirects(registry, f"http://{other.host}/containers/json")
        other.on("", answers.answer(400, body.encode()))
        found = field.fails(
            f"{registry.host}/team/app:1",
            "source_unavailable",
            f"{other.host} said 400: Bad Request",
        )
        field.assertNotIn(SECRET, str(found))


@row(
    "A registry, or its token server, refuses with plain words or with JSON "
    "that is not of its form.",
    "The status is shown, and none of them.",
)
def words_of_no_form(field):
    for body in (SECRET, json.dumps({"secret": SECRET}), f'"{SECRET}"'):
        registry = field.registry()
        field.image(registry)
        registry.on("/manifests/", answers.answer(403, body.encode()))
        found = field.fails(
            f"{registry.host}/team/app:1", "registry_denied", "403"
        )
        field.assertNotIn(SECRET, str(found))
        registry = field.registry()
        field.image(registry)
        login.wants(registry, login.bearer(registry))
        registry.on("/token", answers.answer(403, body.encode()))
        found = field.fails(
            f"{registry.host}/team/app:1", "registry_denied", "403"
        )
        field.assertNotIn(SECRET, str(found))


@row(
    "Through a proxy, a registry with an inner name (``registry.corp``) "
    "redirects to another private address, to the metadata of a cloud, and "
    "to this machine.",
    "The first one is asked, as most inner registries need it; the others "
    "are not.",
)
def an_inner_registry_behind_a_proxy(field):
    registry = field.registry()
    field.image(registry)
    through = field.useFixture(forward_proxy.ForwardProxy(registry.host))
    service = field.start(
        {"registry": {"insecure": "*.corp"}},
        {"HTTP_PROXY": through.url, "HTTPS_PROXY": through.url},
    )
    name = "registry.corp:5000/team/app:1"
    field.succeeds(name, service)
    field.image(registry)
    redirects(registry, "https://10.0.0.1/x")
    field.fails(name, "source_unavailable", "10.0.0.1", service=service)
    field.assertIn("CONNECT 10.0.0.1:443", through.seen)
    for place in ("169.254.169.254", "0x7f.1", "[fd00:ec2::254]"):
        redirects(registry, f"https://{place}/x")
        field.fails(name, "source_error", place.strip("[]"), service=service)
        field.assertNotIn(f"CONNECT {place}:443", through.seen)
