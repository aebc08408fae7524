# SPDX-License-Identifier: Apache-2.0
"""A test with the registry source and a registry that misbehaves."""

import os

import fixtures

from reposync import reference as ref
from reposync import retry
from reposync.sources.registry import source
from tests.fixtures import small_registry
from tests.unit import base

SIZE = 300_000
PLATFORM = "linux/amd64"


class RegistryCase(base.TestCase):
    """A test with an image of one layer, and short delays."""

    def setUp(self):
        super().setUp()
        self.useFixture(
            fixtures.MonkeyPatch(f"{retry.__name__}._FIRST_REQUEST", 0.01)
        )
        self.layer = os.urandom(SIZE)
        self.registry = self.serve()
        self.config(
            insecure=["127.0.0.0/8"],
            attempts=3,
            read_timeout=5,
            group="registry",
        )
        self.source = source.RegistrySource(self.conf)
        self.reference = self.name(self.registry)

    def serve(self, **options):
        """Start one more registry with the same image."""
        return self.useFixture(
            small_registry.SmallRegistry(self.layer, **options)
        )

    def name(self, where, tag="1"):
        """Give the name of its image."""
        return ref.Reference.parse(
            f"{where.host}/{small_registry.REPOSITORY}:{tag}"
        )

    def resolve(self, reference=None):
        return self.source.resolve(reference or self.reference, PLATFORM)

    def read(self, reference=None):
        """Read the whole archive; gives its bytes."""
        resolved = self.resolve(reference)
        with self.source.archive(resolved, lambda *_: None) as archive:
            data = b"".join(archive)
            self.assertEqual(archive.size, len(data))
            self.assertIn(self.layer, data)
            return data

    def at(self, part, fault, method="GET"):
        """Treat some requests specially.

        :param part: of their paths
        :param fault: gets the handler and the number of the request
        """
        count = 0

        def decide(handler):
            nonlocal count
            if handler.command != method or part not in handler.path:
                return None
            count += 1
            return fault(handler, count)

        self.registry.fault = decide
