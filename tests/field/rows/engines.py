# SPDX-License-Identifier: Apache-2.0
"""Docker engines."""

import dataclasses
import gzip

import docker
import zstandard

from lab import images
from tests.field import engine as field_engine
from tests.field.row import row
from tests.fixtures import deployment
from tests.fixtures import engines
from tests.fixtures import standalone

_NAME = "r.example.org:5000/team/denied:401"
_DIGEST = f"sha256:ab404c{'0' * 58}"
_RESOLVE = f'failed to resolve reference "{_NAME}"'


def _engine(test, **options):
    """Start an engine, and a service that reads through it."""
    found = test.useFixture(field_engine.Engine())
    return found, test.start(standalone.merge(found.options, options))


@row(
    "An engine's message has numbers and words of errors in names, ports and "
    "digests: ``dial tcp 10.0.4.3:5403: connect: connection refused``, "
    "``unexpected status code .../sha256:ab404c...: 502 Bad Gateway``",
    "It is tried again.  Only registries' codes, statuses announced as such "
    "and engines' fixed phrases count",
)
def numbers_in_messages(test):
    engine, service = _engine(test)
    for number, message in enumerate(
        (
            f"unexpected status code https://r.example.org/v2/a/blobs/"
            f"{_DIGEST}: 502 Bad Gateway",
            "dial tcp 10.0.4.3:5403: connect: connection refused",
            f'{_RESOLVE}: failed to do request: Head "https://r.example.org/'
            'v2/team/denied/manifests/401": net/http: TLS handshake timeout',
            'Get "https://unauthorized.example.org/v2/": dial tcp: lookup '
            "unauthorized.example.org on 10.4.0.4:53: no such host",
        )
    ):
        engine.says(message)
        name = f"{_NAME}-{number}"
        found = test.fails(name, "source_unavailable", service=service)
        test.assertEqual(2, found["attempt"])
    test.assertEqual(8, len(engine.asked))


@row(
    "An engine passes on a registry's code, as moby, containerd or Podman "
    "words it",
    "The operation ends at once, with the reason: access refused, not there, "
    "not for the platform, or no image",
)
def codes_in_messages(test):
    engine, service = _engine(test)
    for number, (message, code) in enumerate(
        (
            ("unauthorized: authentication required", "registry_denied"),
            ("errors:\ndenied: requested access to the resource is denied\n"
             "unauthorized: authentication required\n", "registry_denied"),
            (f"{_RESOLVE}: unexpected status from HEAD request to https://r."
             "example.org/v2/team/denied/manifests/401: 403 Forbidden",
             "registry_denied"),
            ("manifest unknown: manifest unknown", "reference_not_found"),
            ("reading manifest 401 in r.example.org:5000/team/denied: "
             "manifest unknown", "reference_not_found"),
            ("unknown: artifact team/denied:401 not found",
             "reference_not_found"),
            ("no matching manifest for linux/amd64 in the manifest list "
             "entries: no match for platform in manifest: not found",
             "platform_not_found"),
            ("not implemented: media type \"application/vnd.docker."
             "distribution.manifest.v1+prettyjws\" is no longer supported "
             "since containerd v2.1", "image_unsupported"),
        )
    ):  # fmt: skip
        engine.says(message)
        test.fails(f"{_NAME}-{number}", code, service=service)
    test.assertEqual(8, len(engine.asked))


@row(
    "After a webhook of a deletion an engine says ``unknown: 404 page not "
    "found``, or only that a HEAD found nothing",
    "The image stays, and the operation tells why.  It goes when the registry "
    "itself says ``MANIFEST_UNKNOWN``",
)
def deletions(test):
    receiver = {
        "format": "generic",
        "auth": "query",
        "secret": standalone.WEBHOOK_TOKEN,
    }
    engine, service = _engine(
        test,
        conductor={"source": "registry"},
        notify={"receivers": "any"},
        **{"receiver:any": receiver},
    )
    registry = test.registry()
    test.image(registry)
    name = f"{registry.host}/team/app"
    service.process.list.write_text(f"{name}\n")
    test.succeeds(f"{name}:1", service)
    service.process.list.write_text(f"{name} source=docker delete=yes\n")
    body = {"name": f"{name}:1", "action": "delete"}
    for message, state in (
        ("unknown: 404 page not found", "failed"),
        (f"{_RESOLVE}: {_NAME}: not found", "failed"),
        ("manifest unknown: manifest unknown", "succeeded"),
    ):
        engine.says(message)
        answer = service.caller.call(
            "POST",
            "/v1/notify/any",
            params={"token": standalone.WEBHOOK_TOKEN},
            json=body,
        )
        test.assertEqual(202, answer.status_code, answer.text)
        [accepted] = answer.json()["operations"]
        done = service.caller.ended(accepted, 60)
        test.assertEqual(state, done["state"], done)
        found = service.caller.call("GET", "/v1/images").json()["images"]
        test.assertEqual(state == "failed", bool(found))


@row(
    "What listens at ``[docker] host`` is an older Podman, a proxy that "
    "forbids what is asked, or an engine of long ago",
    "The operation ends at once and says so",
)
def no_engine(test):
    engine, service = _engine(test)
    engine.says(f"Path /v1.41/distribution/{_NAME}/json is not supported")
    test.fails(
        f"{_NAME}-0", "source_error", "source registry", service=service
    )
    engine.answers(403, b"<html><body><h1>403 Forbidden</h1></body></html>")
    test.fails(f"{_NAME}-1", "source_error", "403", service=service)
    engine.api = "1.12"
    test.fails(f"{_NAME}-2", "source_error", "too old", service=service)
    test.assertEqual(2, len(engine.asked))


def _modern(test, **options):
    """Start a service that reads through the newer engine of the lab."""
    found = {each.server: each for each in engines.find(test.lab)}
    if "docker-containerd" not in found:
        test.skipTest("the lab is without docker-containerd")
    host = found["docker-containerd"].host
    client = docker.DockerClient(host, timeout=300)
    test.addCleanup(client.close)
    source = {
        "conductor": {"source": "docker"},
        "docker": {"host": host} | options,
    }
    return client, test.start(source)


@row(
    "An engine keeps images in containerd, as fresh installations of Docker "
    "do since release 29: its Id is the digest of a manifest or an index",
    "The image id is the digest of the configuration, as from the registry",
    lab=True,
)
def image_store_of_containerd(test):
    _, service = _modern(test)
    registry = test.lab["LAB_REGISTRY"]
    name = deployment.unique("test/field")
    pushed = images.push_image(registry, name, "1", {"a": b"a"})
    images.push_index(registry, name, "2", {"linux/amd64": pushed})
    for tag in ("1", "2"):
        done = test.succeeds(f"{registry}/{name}:{tag}", service)
        test.assertEqual(pushed.image_id, done["image"]["docker_id"])


@row(
    "An engine has brought a layer packed with gzip, and saves an image that "
    "has it packed with Zstandard without its layers and without an error",
    "The operation names the missing blob; with ``[docker] "
    "registry_fallback`` the image is read from its registry",
    lab=True,
)
def an_incomplete_archive(test):
    registry = test.lab["LAB_REGISTRY"]
    name = deployment.unique("test/field")
    layer = images.Layer.of_files({name: b"x" * 5000})
    data = zstandard.compress(gzip.decompress(layer.data))
    other = dataclasses.replace(layer, data=data, compression="zstd")
    for tag, content in (("1", layer), ("2", other)):
        pushed = images.push_image(
            registry, name, tag, [content], kind=images.OCI
        )
    client, service = _modern(test)
    client.api.pull(f"{registry}/{name}:1")
    test.addCleanup(client.images.remove, f"{registry}/{name}:1", force=True)
    test.fails(
        f"{registry}/{name}:2",
        "archive_damaged",
        "without the blob sha256:",
        "registry_fallback",
        service=service,
    )
    service.close()
    _, service = _modern(test, registry_fallback="true")
    done = test.succeeds(f"{registry}/{name}:2", service)
    test.assertEqual(pushed.image_id, done["image"]["docker_id"])
