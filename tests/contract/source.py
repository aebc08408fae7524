# SPDX-License-Identifier: Apache-2.0
"""What every source must do, wherever it reads from."""

import base64
import json

from lab import images
from reposync import exception
from reposync import reference as ref
from tests.fixtures import deployment

PLATFORM = "linux/amd64"
#: Bytes; a reader may keep so many in memory.
LONGEST_PIECE = 1024 * 1024


class Stopped(Exception):
    """Stands for anything that ends a copy from outside."""


class SourceCase:
    """Images to read; the class that uses it makes ``self.source``."""

    def setUp(self):
        super().setUp()
        self.registry = self.lab["LAB_REGISTRY"]
        self.repository = deployment.unique("test/source")
        self.progress = []

    def reference(self, tag="latest", repository=None):
        name = repository or self.repository
        return ref.Reference.parse(f"{self.registry}/{name}:{tag}")

    def push(self, content=b"one", tag="latest", **kwargs):
        return images.push_image(
            self.registry, self.repository, tag, {"content": content}, **kwargs
        )

    def note(self, *progress):
        self.progress.append(progress)

    def read(self, resolved, progress=None):
        with self.source.archive(resolved, progress or self.note) as archive:
            pieces = list(archive)
            self.assertLessEqual(max(map(len, pieces)), LONGEST_PIECE)
            return archive.resolved, b"".join(pieces)


class SourceContract(SourceCase):
    """Tests.

    The class that uses them gives ``load(data)``, which loads an archive into
    engines and returns the image's id.
    """

    def test_resolve(self):
        pushed = self.push()
        found = self.source.resolve(self.reference(), PLATFORM)
        self.assertEqual(pushed.digest, found.digest)

    def test_the_archive_is_loadable(self):
        labels = {"eu.indigo-datacloud.type": "linux"}
        pushed = self.push(labels=labels)
        resolved = self.source.resolve(self.reference(), PLATFORM)
        complete, data = self.read(resolved)
        self.assertEqual(
            (pushed.image_id, labels, "linux", "amd64"),
            (
                complete.image_id,
                dict(complete.labels),
                complete.os,
                complete.architecture,
            ),
        )
        self.assertEqual(pushed.image_id, self.load(data))
        phase, done, _ = self.progress[-1]
        self.assertEqual(("copying", len(data)), (phase, done))

    def test_pieces_are_short_whatever_is_in_the_image(self):
        pushed = self.push(
            b"x" * 3_000_000, labels={"long": "word " * 700_000}
        )
        resolved = self.source.resolve(self.reference(), PLATFORM)
        complete, _ = self.read(resolved)
        self.assertEqual(pushed.image_id, complete.image_id)

    def test_an_index_and_its_platforms(self):
        reference = self.reference("latest", "demo/multi")
        for platform, architecture in (
            ("linux/amd64", "amd64"),
            ("linux/arm64", "arm64"),
            ("linux/arm64/v8", "arm64"),
        ):
            found = self.source.resolve(reference, platform)
            complete, data = self.read(found)
            self.assertEqual(architecture, complete.architecture)
            self.assertIn(complete.image_id.partition(":")[2].encode(), data)
        error = self.assertRaises(
            exception.PlatformNotFound,
            lambda: self.read(self.source.resolve(reference, "linux/s390x")),
        )
        self.assertIn("linux/arm64/v8", error.message)

    def test_what_is_not_there(self):
        self.push()
        for reference in (
            self.reference("missing"),
            self.reference("latest", "test/nothing"),
        ):
            self.assertRaises(
                exception.ReferenceNotFound,
                self.source.resolve,
                reference,
                PLATFORM,
            )

    def test_access(self):
        registry = self.lab["LAB_REGISTRY_AUTH"]
        pair = (
            self.lab["LAB_REGISTRY_USER"],
            self.lab["LAB_REGISTRY_PASSWORD"],
        )
        images.push_image(
            registry, self.repository, "1", {"a": b"a"}, auth=pair
        )
        reference = ref.Reference.parse(f"{registry}/{self.repository}:1")
        for user, password in ((None, None), (pair[0], "wrong-one")):
            self.give_credentials(registry, user, password)
            error = self.assertRaises(
                exception.RegistryDenied,
                self.source.resolve,
                reference,
                PLATFORM,
            )
            self.assertNotIn("wrong-one", error.message)
        self.give_credentials(registry, *pair)
        resolved = self.source.resolve(reference, PLATFORM)
        _, data = self.read(resolved)
        self.assertTrue(data)

    def give_credentials(self, registry, user, password):
        auths = {}
        if user:
            pair = base64.b64encode(f"{user}:{password}".encode())
            auths[registry] = {"auth": pair.decode()}
        self.config(auth_config=json.dumps({"auths": auths}), group="registry")

    def test_a_registry_that_is_away(self):
        reference = ref.Reference.parse("127.0.0.1:1/a/b:1")
        self.assertRaises(
            exception.SourceUnavailable,
            self.source.resolve,
            reference,
            PLATFORM,
        )

    def test_a_copy_is_stopped_from_outside(self):
        self.push()
        resolved = self.source.resolve(self.reference(), PLATFORM)
        for wanted in ("pulling", "copying"):

            def stop(phase, done, total, wanted=wanted):
                if phase == wanted:
                    raise Stopped

            self.assertRaises(Stopped, self.read, resolved, stop)
