# SPDX-License-Identifier: Apache-2.0
"""Manifests as registries serve them, and as they should not."""

import json

import testtools

from reposync import exception
from reposync.sources import manifests

DIGEST = "sha256:" + "0" * 64
LAYER = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}
CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json"}
BLOB = {"digest": DIGEST, "size": 1}


def manifest(**values):
    """Make a manifest of an image with one layer."""
    return {
        "schemaVersion": 2,
        "mediaType": manifests.OCI_MANIFEST,
        "config": CONFIG | BLOB,
        "layers": [LAYER | BLOB],
    } | values


class ParseTest(testtools.TestCase):
    """What is understood, and what is refused with a reason."""

    def parse(self, value, media_type=""):
        body = (
            value if isinstance(value, bytes) else json.dumps(value).encode()
        )
        return manifests.parse("x", body, media_type)

    def test_the_body_tells_its_type_or_else_the_registry(self):
        self.assertEqual(1, len(self.parse(manifest()).layers))
        plain = manifest(mediaType=None)
        found = self.parse(plain, f"{manifests.OCI_MANIFEST}; charset=utf-8")
        self.assertEqual(manifests.OCI_MANIFEST, found.media_type)

    def test_what_cannot_be_understood(self):
        bad = [
            b"",
            b"<html>",
            b"[]",
            b"null",
            {},
            manifest(config=None),
            manifest(layers=[{}]),
            manifest(layers=[LAYER | {"digest": "md5:0", "size": 1}]),
            manifest(layers=[LAYER | {"digest": "../../x", "size": 1}]),
            manifest(layers=5),
            manifest(layers=[LAYER | BLOB] * 1001),
        ]
        bad += [
            manifest(layers=[LAYER | BLOB | {"size": size}])
            for size in (-1, "1", None, 1.5, True)
        ]
        for value in bad:
            self.assertRaises(exception.ImageUnsupported, self.parse, value)

    def test_an_index_with_one_manifest_of_no_platform(self):
        entry = {"mediaType": manifests.OCI_MANIFEST} | BLOB
        value = {"mediaType": manifests.OCI_INDEX, "manifests": [entry]}
        found = self.parse(value)
        self.assertEqual(DIGEST, found.choose("x", None).digest)
