# SPDX-License-Identifier: Apache-2.0
"""From what a tag points at to the image of a platform."""

import contextlib
import hashlib
import json

import testtools

from reposync import exception
from reposync import reference as ref
from reposync.sources import base
from reposync.sources.oci import media_types
from reposync.sources.registry import look as registry_look


class LookTest(testtools.TestCase):
    """Indexes that list indexes."""

    def look(self, depth):
        """Look at a manifest below so many indexes."""
        bodies, kind = {}, media_types.OCI_MANIFEST
        body = b"{}"
        for _ in range(depth):
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
            bodies[digest] = body
            entry = {"mediaType": kind, "digest": digest, "size": len(body)}
            kind = media_types.OCI_INDEX
            body = json.dumps({"manifests": [entry]}).encode()
        bodies["top"] = body
        self.asked = []

        def get(digest):
            self.asked.append(digest)
            return bodies[digest], media_types.OCI_INDEX

        resolved = base.ResolvedImage(
            ref.Reference.parse("a"), "top", "linux/amd64"
        )
        return registry_look.Look(
            resolved, get, lambda manifest: b"", contextlib.nullcontext
        )

    def test_some_are_followed(self):
        for depth in (1, 2, 3):
            found = self.look(depth).digest()
            self.assertEqual(hashlib.sha256(b"{}").hexdigest(), found[7:])
            self.assertEqual(depth, len(self.asked))

    def test_more_are_refused(self):
        error = self.assertRaises(
            exception.ImageUnsupported, self.look(50).digest
        )
        self.assertIn("point to indexes", error.message)
        self.assertEqual(3, len(self.asked))
