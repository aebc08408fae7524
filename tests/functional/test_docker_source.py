# SPDX-License-Identifier: Apache-2.0
"""The Docker source on the lab's engine and registry."""

import docker

import lab
from reposync import exception
from reposync.sources.docker import source as docker_source
from tests.contract import source as contract
from tests.fixtures import engines
from tests.functional import base


class EngineTestCase(contract.SourceCase):
    """A test of one engine with the lab's registry.

    :cvar server: the engine's name in the lab
    """

    server = "docker"

    def setUp(self):
        super().setUp()
        known = {each.server: each for each in engines.find(self.lab)}
        if self.server not in known:
            self.skipTest(f"the lab is without {self.server}")
        self.own = known[self.server]
        self.config(host=self.own.host, group="docker")
        self.source = docker_source.DockerSource(self.conf)
        self.engine = docker.DockerClient(base_url=self.own.host, timeout=300)
        self.addCleanup(self.engine.close)
        self.before = self.names()

    def names(self):
        found = set()
        for image in self.engine.images.list():
            found.update(image.attrs.get("RepoDigests") or [])
            # Some engines list digests among them, and drop these with the
            # last tag of their repository as others do.
            found.update(
                (tag, image.id) for tag in image.tags if "@" not in tag
            )
        return found

    def load(self, data):
        return engines.load(self.lab, data)

    def copy(self):
        resolved = self.source.resolve(self.reference(), contract.PLATFORM)
        return self.read(resolved)


class EngineTests(EngineTestCase, contract.SourceContract):
    """The contract, and what is particular to an engine."""

    def test_nothing_remains(self):
        self.push()
        self.copy()
        self.assertEqual(self.before, self.names())

    def test_nothing_remains_of_a_failure(self):
        self.push()
        resolved = self.source.resolve(self.reference(), contract.PLATFORM)

        def stop(phase, done, total):
            if phase == "copying":
                raise contract.Stopped

        self.assertRaises(contract.Stopped, self.read, resolved, stop)
        self.assertEqual(self.before, self.names())

    def test_what_was_there_stays(self):
        self.push(b"old")
        name = f"{self.registry}/{self.repository}"
        old = self.engine.images.pull(name, tag="latest")
        self.addCleanup(self.engine.images.remove, old.id, force=True)
        saved_as = self.reference().archive_name.rpartition(":")[0]
        old.tag(saved_as, "latest")
        before = self.names()
        self.push(b"new")
        for _ in range(2):
            self.copy()
            self.assertEqual(before, self.names())

    def test_an_image_that_was_there_without_a_tag(self):
        pushed = self.push()
        name = f"{self.registry}/{self.repository}@{pushed.digest}"
        self.engine.api.pull(name)
        image = self.engine.images.get(name)
        self.addCleanup(self.engine.images.remove, image.id, force=True)
        before = self.names()
        self.copy()
        self.assertEqual(before, self.names())

    def test_a_tag_that_somebody_makes_meanwhile(self):
        self.push()
        name = str(self.reference())
        resolved = self.source.resolve(self.reference(), contract.PLATFORM)
        with self.source.archive(resolved, self.note) as archive:
            all(archive)
            self.engine.api.pull(name)
        self.addCleanup(self.engine.images.remove, name, force=True)
        self.assertIn(name, self.engine.images.get(name).tags)

    def test_over_tcp_with_tls(self):
        folder = self.lab["LAB_DOCKER_CERT_PATH"]
        self.push()
        self.config(host=self.own.tls_host, group="docker")
        self.assertRaises(exception.SourceUnavailable, self.copy)
        self.config(
            tls_ca_file=f"{folder}/ca.pem",
            tls_cert_file=f"{folder}/cert.pem",
            tls_key_file=f"{folder}/key.pem",
            group="docker",
        )
        _, data = self.copy()
        self.assertTrue(data)

    def test_an_engine_that_is_away(self):
        self.config(host="unix:///nonexistent.sock", group="docker")
        self.assertRaises(exception.SourceUnavailable, self.copy)

    def test_an_engine_that_is_killed_in_a_copy(self):
        servers = lab.Lab.load()
        self.repository = "demo/debian-tools"
        resolved = self.source.resolve(self.reference("12"), contract.PLATFORM)
        self.addCleanup(self.forget, "demo/debian-tools")
        self.addCleanup(servers.start, self.server)
        pieces = []
        with self.source.archive(resolved, self.note) as archive:

            def read():
                for piece in archive:
                    pieces.append(len(piece))
                    if len(pieces) == 20:
                        servers.kill(self.server)

            self.assertRaises(exception.SourceError, read)
        self.assertLess(sum(pieces), 500_000_000)

    def forget(self, repository):
        for image in self.engine.images.list():
            names = image.attrs.get("RepoDigests") or image.tags
            if any(repository in name for name in names):
                self.engine.images.remove(image.id, force=True)


class DockerSourceTest(EngineTests, base.TestCase):
    """An engine that keeps unpacked layers (graph drivers)."""


class ContainerdSourceTest(EngineTests, base.TestCase):
    """An engine that keeps what registries have, in containerd."""

    server = "docker-containerd"
