# SPDX-License-Identifier: Apache-2.0
"""The registry source on the lab's registries."""

import base64
import hashlib
import json

import fixtures

import lab
from reposync import exception
from reposync import reference as ref
from reposync.sources.docker import source as docker_source
from reposync.sources.registry import source as registry
from tests.contract import source as contract
from tests.fixtures import engines
from tests.fixtures import token_server
from tests.functional import base


class RegistryTestCase(base.TestCase):
    """A test with the source; loads what it reads into the lab's engines."""

    def setUp(self):
        super().setUp()
        self.source = registry.RegistrySource(self.conf)

    def load(self, data):
        return engines.load(self.lab, data)


class RegistrySourceTest(contract.SourceContract, RegistryTestCase):
    """The contract, and what is particular to reading by oneself."""

    def test_the_length_is_known_beforehand(self):
        self.push(b"x" * 3_000_000)
        resolved = self.source.resolve(self.reference(), contract.PLATFORM)
        with self.source.archive(resolved, self.note) as archive:
            size = archive.size
            data = b"".join(archive)
        self.assertEqual(len(data), size)
        self.assertEqual(size, archive.resolved.size)
        self.assertEqual(("copying", size, size), self.progress[-1])

    def test_an_image_is_described_without_its_archive(self):
        labels = {"eu.indigo-datacloud.type": "linux"}
        pushed = self.push(labels=labels)
        resolved = self.source.resolve(self.reference(), contract.PLATFORM)
        self.assertIsNone(resolved.image_id)
        found = resolved.complete()
        self.assertEqual(
            (pushed.digest, pushed.image_id, labels, "linux", "amd64"),
            (
                found.digest,
                found.image_id,
                found.labels,
                found.os,
                found.architecture,
            ),
        )
        self.assertEqual([], self.progress)

    def test_the_same_image_gives_the_same_bytes(self):
        self.push()
        found = set()
        for _ in range(2):
            source = registry.RegistrySource(self.conf)
            resolved = source.resolve(self.reference(), contract.PLATFORM)
            with source.archive(resolved, self.note) as archive:
                found.add(hashlib.sha256(b"".join(archive)).hexdigest())
        self.assertEqual(1, len(found))

    def test_it_says_the_same_as_an_engine(self):
        self.push(labels={"a": "b"})
        self.config(host=self.lab["LAB_DOCKER_HOST"], group="docker")
        other = docker_source.DockerSource(self.conf)
        for name, tag in (
            (self.repository, "latest"),
            ("demo/multi", "latest"),
        ):
            said = []
            for source in (self.source, other):
                resolved = source.resolve(
                    self.reference(tag, name), contract.PLATFORM
                )
                with source.archive(resolved, self.note) as archive:
                    all(archive)
                    complete = archive.resolved
                said.append(
                    (
                        complete.digest,
                        complete.image_id,
                        dict(complete.labels),
                        complete.os,
                        complete.architecture,
                    )
                )
            self.assertEqual(said[0], said[1])

    def test_by_digest(self):
        pushed = self.push()
        name = f"{self.registry}/{self.repository}@{pushed.digest}"
        found = self.source.resolve(
            ref.Reference.parse(name), contract.PLATFORM
        )
        self.assertEqual(pushed.digest, found.digest)

    def test_tags_come_page_by_page(self):
        wanted = [f"v{number:02}" for number in range(7)]
        for tag in wanted:
            self.push(tag=tag)
        self.useFixture(
            fixtures.MonkeyPatch(f"{registry.__name__}._TAGS_PAGE", 3)
        )
        found = list(self.source.tags(self.reference()))
        self.assertEqual(wanted, sorted(found))


class TokenTest(RegistryTestCase):
    """A registry that wants tokens of a server beside it."""

    def setUp(self):
        super().setUp()
        lab.Lab.load().up("registry-token")
        self.tokens = self.useFixture(
            token_server.TokenServer(
                self.lab["LAB_DOCKER_CERT_PATH"],
                int(self.lab["LAB_TOKEN_PORT"]),
                "somebody",
                "open-sesame",
            )
        )
        self.registry = self.lab["LAB_REGISTRY_TOKEN"]
        self.name = f"{self.registry}/demo/busybox:latest"

    def give(self, **keys):
        """Configure credentials by what follows the registry in a key."""
        auths = {self.registry + key: value for key, value in keys.items()}
        self.config(auth_config=json.dumps({"auths": auths}), group="registry")

    def pair(self, password="open-sesame"):
        text = base64.b64encode(f"somebody:{password}".encode())
        return {"auth": text.decode()}

    def read(self):
        resolved = self.source.resolve(
            ref.Reference.parse(self.name), contract.PLATFORM
        )
        with self.source.archive(resolved, lambda *_: None) as archive:
            return b"".join(archive)

    def test_one_token_serves_all(self):
        self.give(**{"": self.pair()})
        self.assertTrue(self.read())
        self.assertEqual(1, self.tokens.given)

    def test_tokens_that_expire_are_renewed(self):
        self.give(**{"": self.pair()})
        self.tokens.lifetime = 1
        self.assertTrue(self.read())
        self.assertGreater(self.tokens.given, 1)

    def test_an_identity_token(self):
        self.give(**{"": {"identitytoken": self.tokens.identity_token}})
        self.assertTrue(self.read())

    def test_the_account_of_a_namespace(self):
        self.give(**{"": self.pair("wrong"), "/demo": self.pair()})
        self.assertTrue(self.read())

    def test_refused(self):
        for entry in (self.pair("wrong"), {"identitytoken": "wrong"}):
            self.give(**{"": entry})
            error = self.assertRaises(exception.RegistryDenied, self.read)
            self.assertNotIn("wrong", error.message)


class TLSTest(RegistryTestCase):
    """A registry with a certificate of an authority of its own."""

    def setUp(self):
        super().setUp()
        lab.Lab.load().up("registry-tls")
        self.name = f"{self.lab['LAB_REGISTRY_TLS']}/demo/busybox:latest"
        self.config(
            insecure=[],
            allowed_private_hosts=["127.0.0.1"],
            group="registry",
        )

    def resolve(self):
        source = registry.RegistrySource(self.conf)
        return source.resolve(
            ref.Reference.parse(self.name), contract.PLATFORM
        )

    def test_an_unknown_authority_is_refused(self):
        self.config(attempts=1, group="registry")
        error = self.assertRaises(exception.SourceUnavailable, self.resolve)
        self.assertIn("certificate", error.message.lower())

    def test_with_its_authority(self):
        path = f"{self.lab['LAB_DOCKER_CERT_PATH']}/ca.pem"
        self.config(ca_file=path, group="registry")
        self.assertTrue(self.resolve().digest)

    def test_insecure(self):
        self.config(insecure=["127.0.0.1"], group="registry")
        self.assertTrue(self.resolve().digest)

    def test_plain_http_is_not_tried_where_it_is_not_allowed(self):
        self.name = f"{self.lab['LAB_REGISTRY']}/demo/busybox:latest"
        self.config(attempts=1, group="registry")
        self.assertRaises(exception.SourceUnavailable, self.resolve)
