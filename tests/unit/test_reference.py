# SPDX-License-Identifier: Apache-2.0
"""Image names."""

import testtools

from reposync import exception
from reposync import reference as ref

DIGEST = "sha256:" + "0" * 64


class ReferenceTest(testtools.TestCase):
    """Names as Docker reads them."""

    def test_good_names(self):
        for text, registry, repository, tag, shown in (
            ("busybox", "docker.io", "library/busybox", "latest", None),
            ("busybox:1.36", "docker.io", "library/busybox", "1.36", None),
            ("a/b", "docker.io", "a/b", "latest", None),
            ("docker.io/busybox", "docker.io", "library/busybox", "latest",
             "busybox:latest"),
            ("index.docker.io/a/b:1", "docker.io", "a/b", "1", "a/b:1"),
            ("host:5000/x", "host:5000", "x", "latest", None),
            ("host:5000/a/b:1", "host:5000", "a/b", "1", None),
            ("localhost/a", "localhost", "a", "latest", None),
            ("quay.io/a/b/c_d-e.f:v1", "quay.io", "a/b/c_d-e.f", "v1", None),
            ("[::1]:5000/a:2", "[::1]:5000", "a", "2", None),
        ):  # fmt: skip
            found = ref.Reference.parse(text)
            self.assertEqual(
                (registry, repository, tag),
                (found.registry, found.repository, found.tag),
                text,
            )
            if shown is None:
                shown = text if text.endswith(f":{tag}") else f"{text}:{tag}"
            self.assertEqual(shown, str(found))
            self.assertEqual(found, ref.Reference.parse(str(found)))

    def test_a_tag_given_apart(self):
        self.assertEqual("1", ref.Reference.parse("a", "1").tag)
        self.assertEqual("1", ref.Reference.parse("a:1", "1").tag)
        self.refused("a:1", "2")
        self.refused("a", "-bad")

    def test_digests(self):
        found = ref.Reference.parse(f"a/b@{DIGEST}")
        self.assertEqual((DIGEST, None), (found.digest, found.tag))
        self.refused("a/b@sha256:123")

    def test_bad_names(self):
        for text in (
            "", " ", "A", "a b", "a//b", "/a", "a/", "../x", "a/../b", "a:",
            "a:b:c", ":5000/a", "a\n", "a:\u00e9", "http://a/b", "x" * 300,
            "-a", "a:" + "t" * 129, "a\x00",
        ):  # fmt: skip
            self.refused(text)

    def test_names_in_archives_have_no_port(self):
        for text, expected in (
            ("busybox", "busybox:latest"),
            ("host:5000/a/b:1", "host/a/b:1"),
            ("quay.io/a:1", "quay.io/a:1"),
            ("[::1]:5000/a:1", "1/a:1"),
        ):
            found = ref.Reference.parse(text).archive_name
            self.assertEqual(expected, found)

    def refused(self, text, tag=None):
        error = self.assertRaises(
            exception.InvalidReference, ref.Reference.parse, text, tag
        )
        self.assertIn("is not an image name", error.message)
        self.assertLess(len(error.message), 500)
