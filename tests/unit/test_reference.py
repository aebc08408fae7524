# SPDX-License-Identifier: Apache-2.0
"""Image names."""

import hypothesis
from hypothesis import strategies
from oslo_config import cfg
import testtools

from reposync import exception
from reposync import keys
from reposync import reference as ref

DIGEST = "sha256:" + "0" * 64


NAMES = strategies.builds(
    "{}{}{}{}".format,
    strategies.sampled_from(
        [
            *("", "docker.io/", "index.docker.io/", "Quay.IO/", "quay.io/"),
            *("a:5/", "a.5/", "a.5:0/", "1.2.3:4/", "1.2.3.4/", "a/", "A/"),
            *("[::1]/", "[0::1]:80/", "localhost/", "LOCALHOST:80/"),
            *("registry.hub.docker.com/", "bitnami:5000/", "bitnami/"),
        ]
    ),
    strategies.sampled_from(["", "library/", "library/x.y/", "a/", "a.b/"]),
    strategies.from_regex(r"[a-z]([._-]?[a-z0-9])?", fullmatch=True),
    strategies.sampled_from(
        ["", ":latest", ":1", ":None", ":" + "t" * 128, f"@{DIGEST}",
         f":1@{DIGEST}"]
    ),
)  # fmt: skip
CONF = cfg.ConfigOpts()
CONF.register_opts(
    [cfg.StrOpt("driver", default="d"), cfg.StrOpt("platform", default="p")],
    "conductor",
)


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
        self.refused("a/b@blake3:" + "0" * 64)
        name = "r.example/" + "a" * 240
        self.refused(f"{name}:{'t' * 128}@sha512:{'0' * 128}")

    def test_bad_names(self):
        for text in (
            "", " ", "A", "a b", "a//b", "/a", "a/", "../x", "a/../b", "a:",
            "a:b:c", ":5000/a", "a\n", "a:\u00e9", "http://a/b", "x" * 300,
            "-a", "a:" + "t" * 129, "a\x00",
        ):  # fmt: skip
            self.refused(text)

    def test_names_in_archives_have_one_colon(self):
        for text, expected in (
            ("busybox", "busybox:latest"),
            ("host:5000/a/b:1", "host.5000/a/b:1"),
            ("bitnami:5000/redis", "bitnami.5000/redis:latest"),
            ("quay.io/a:1", "quay.io/a:1"),
            ("quay.io:443/a:1", "quay.io.443/a:1"),
            ("127.0.0.1:5000/a:1", "127.0.0.1.5000/a:1"),
            ("127.0.0.1/a:1", "127.0.0.1.0/a:1"),
            ("[::1]:5000/a:1", f"{'0000-' * 7}0001.IP6.5000/a:1"),
        ):
            found = ref.Reference.parse(text).archive_name
            self.assertEqual(expected, found)
            again = str(ref.Reference.parse(found))
            self.assertEqual(found.lower(), again)

    def test_hosts_are_written_in_one_way(self):
        for text, expected in (
            ("QUAY.io/a", "quay.io/a:latest"),
            ("Registry:5000/a", "registry:5000/a:latest"),
            ("LOCALHOST/a", "localhost/a:latest"),
            ("host:05000/a", "host:5000/a:latest"),
            ("[2001:DB8::0:1]:5000/a", "[2001:db8::1]:5000/a:latest"),
            ("[::ffff:102:304]/a", "[::ffff:102:304]/a:latest"),
            ("FOO/a", "FOO/a:latest"),
            ("Docker.IO/a", "a:latest"),
            ("registry.hub.docker.com/library/a", "a:latest"),
            ("registry-1.docker.io/a/b", "a/b:latest"),
        ):
            self.assertEqual(expected, str(ref.Reference.parse(text)))

    def test_what_docker_hub_cannot_have(self):
        for text in (
            "docker.io/library/evil.example/app",
            "library/foo/bar",
            "docker.io/evil.example/app",
            "docker.io/localhost/app",
            "index.docker.io/evil.example/app",
        ):
            self.refused(text)

    def test_hosts_that_are_none(self):
        for text in (
            *("quay.io./a", ".io/a", "a:0/b", "a:65536/b", "[::g]/a"),
            *("[::1/a", "[1:2]/a", "a:b/c", "-a.b/c", "[]:5/a", "a_b.c/d"),
        ):
            self.refused(text)

    @hypothesis.settings(
        deadline=None,
        max_examples=300,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    @hypothesis.given(strategies.data())
    def test_what_is_shown_is_what_is_meant(self, data):
        one, two = (data.draw(NAMES) for _ in range(2))
        try:
            first, second = map(ref.Reference.parse, (one, two))
        except exception.InvalidReference:
            return
        for each in (first, second):
            self.assertEqual(each, ref.Reference.parse(str(each)))
            self.assertEqual(1, each.archive_name.count(":"))
        shown = {
            (each.name, each.tag, each.digest) for each in (first, second)
        }
        self.assertEqual(len({first, second}), len(shown))
        images = {(each.name, each.tag) for each in (first, second)}
        if first.tag and second.tag:
            found = {keys.pull_key(CONF, each) for each in (first, second)}
            self.assertEqual(len(images), len(found))
            archives = {each.archive_name for each in (first, second)}
            self.assertEqual(len(images), len(archives))

    def refused(self, text, tag=None):
        error = self.assertRaises(
            exception.InvalidReference, ref.Reference.parse, text, tag
        )
        self.assertIn("is not an image name", error.message)
        self.assertLess(len(error.message), 500)
