# SPDX-License-Identifier: Apache-2.0
"""The list of what is mirrored."""

import os

import fixtures
import hypothesis
from hypothesis import strategies

from reposync import exception
from reposync import reference as ref
from reposync import repositories
from tests.unit import base

LIST = """\
# comment
busybox

host:5000/a/b:1.*   # a pattern
NOT A NAME
indigo/*
debian:12
debian:12
a@sha256:0000000000000000000000000000000000000000000000000000000000000000
"""


class RepositoryListTest(base.TestCase):
    """Names, patterns, bad lines."""

    def setUp(self):
        super().setUp()
        self.list = repositories.RepositoryList.parse(LIST.splitlines())

    def test_what_a_synchronisation_copies(self):
        found = [str(each) for each in self.list.references()]
        self.assertEqual(["busybox:latest", "debian:12"], found)

    def test_bad_lines_have_their_numbers(self):
        found = [(bad.number, bad.text[:10]) for bad in self.list.bad_lines]
        self.assertEqual([(5, "NOT A NAME"), (9, "a@sha256:0")], found)

    def test_what_webhooks_may_ask_for(self):
        for name, expected in (
            ("busybox", True),
            ("busybox:1.36", True),
            ("debian:12", True),
            ("debian:13", False),
            ("host:5000/a/b:1.2", True),
            ("host:5000/a/b:2", False),
            ("indigo/app:7", True),
            ("indigo/team/app", True),
            ("indigo", False),
            ("quay.io/indigo/app", False),
            ("other/busybox", False),
        ):
            reference = ref.Reference.parse(name)
            self.assertEqual(expected, self.list.allows(reference), name)

    def test_patterns_mean_what_they_say(self):
        for pattern, allowed, refused in (
            ("*", ["busybox", "quay.io/a/b:1", "h:5/a"], []),
            ("*:1.*", ["busybox:1.2", "h:5/a:1.2"], ["busybox", "a:2"]),
            ("docker.io/*", ["busybox", "a/b:2", "index.docker.io/a/b"],
             ["quay.io/a/b", "h:5/docker.io/a"]),
            ("DOCKER.io/**", ["busybox"], ["quay.io/a/b"]),
            ("docker.io/busybox*", ["busybox", "busybox-x"],
             ["a/busybox", "busyboxes/a"]),
            ("busy*", ["busybox", "docker.io/library/busybox"],
             ["busyteam/a", "busy.example.org/a"]),
            ("index.docker.io/team/*", ["team/a", "docker.io/team/a/b"],
             ["teams/a", "a"]),
            ("docker.io/library/*:1.*", ["busybox:1.2"], ["a/b:1.2", "a:2"]),
            ("docker.io/*/app", ["a/app", "library/app"], ["quay.io/a/app"]),
            ("docker.io/te*/app", ["team/app"], ["a/app"]),
            ("registry:5000/*", ["registry:5000/a/b:1"],
             ["registry/a", "registry:5001/a"]),
            ("Quay.io/Team/*".lower(), ["QUAY.IO/team/a"], ["quay.io/a"]),
            ("QUAY.io/team/*", ["quay.io/team/a"], []),
            ("*.example.org/a", ["x.example.org/a", "x.y.example.org/a"],
             ["evil.com/x.example.org/a", "example.org/a"]),
            ("*:5000/app", ["a:5000/app"], ["a:5001/app", "a/app"]),
            ("127.0.0.*:5000/*", ["127.0.0.9:5000/a"], ["127.0.1.9:5000/a"]),
            ("a/b:*-x", ["a/b:1-x"], ["a/b:1", "a/b-x"]),
        ):  # fmt: skip
            listed = repositories.RepositoryList.parse([pattern])
            self.assertEqual((), listed.bad_lines, pattern)
            for names, expected in ((allowed, True), (refused, False)):
                for name in names:
                    reference = ref.Reference.parse(name)
                    found = listed.allows(reference)
                    self.assertEqual(expected, found, (pattern, name))
            [entry] = listed.entries
            again = repositories.parse_line(entry.short_name)
            self.assertEqual(entry.name, again.name)

    def test_patterns_that_may_be_meant_in_two_ways(self):
        for pattern in (
            *("*/app", "*box", "**/app", "*.docker.io/a/*", "host:*/app"),
            *("library/*/x", "docker.io/*.example/app", "Team*/App", "a//*"),
            *("a[bc]*", "a?*", "a/*@sha256:" + "0" * 64, "*:", "index.*/a"),
        ):
            listed = repositories.RepositoryList.parse([pattern])
            self.assertEqual((), listed.entries, pattern)
            self.assertEqual(pattern, listed.bad_lines[0].text)

    @hypothesis.settings(
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    @hypothesis.given(
        strategies.from_regex(r"[a-z]{1,3}([.:/-][a-z0-9]{1,3}){0,4}",
                              fullmatch=True),
        strategies.from_regex(r"[a-z]{1,3}([.:/-][a-z0-9]{1,3}){0,4}",
                              fullmatch=True),
    )  # fmt: skip
    def test_a_line_without_a_star_is_one_name(self, line, name):
        try:
            entry = repositories.parse_line(line)
            reference = ref.Reference.parse(name)
        except exception.InvalidReference:
            return
        same = entry.name == reference.canonical_name
        same = same and entry.tag in (None, reference.tag)
        self.assertEqual(same, entry.allows(reference))
        self.assertTrue(entry.allows(ref.Reference.parse(line)))

    def test_files(self):
        path = self.path / "list"
        self.assertRaises(
            exception.RepositoriesUnreadable,
            repositories.RepositoryList.load,
            path,
        )
        path.write_bytes(b"busybox\n\xff\xfe\n")
        found = repositories.RepositoryList.load(path)
        self.assertEqual(1, len(found.entries))
        self.assertEqual(1, len(found.bad_lines))

    def test_a_pipe_is_not_waited_for(self):
        pipe = self.path / "pipe"
        os.mkfifo(pipe)
        error = self.assertRaises(
            exception.RepositoriesUnreadable,
            repositories.RepositoryList.load,
            pipe,
        )
        self.assertIn("a pipe", error.message)

    def test_settings_follow_the_name(self):
        listed = repositories.RepositoryList.parse(
            ["a:1 source=registry", "a source=docker", "h:5/* source=registry"]
        )
        for name, source in (
            ("a:1", "registry"),
            ("a:2", "docker"),
            ("h:5/x", "registry"),
            ("b", None),
        ):
            found = listed.source_of(ref.Reference.parse(name))
            self.assertEqual(source, found, name)

    def test_unknown_settings_are_bad_lines(self):
        lines = ["a sauce=docker", "a source", "a source=", "a b"]
        listed = repositories.RepositoryList.parse(lines)
        self.assertEqual((), listed.entries)
        self.assertEqual(4, len(listed.bad_lines))
        self.assertIn("source=NAME", listed.bad_lines[0].reason)

    def test_a_changed_file_is_read_again(self):
        path = self.path / "list"
        for settled in (0, 10**18):
            self.useFixture(
                fixtures.MonkeyPatch("reposync.repositories._SETTLED", settled)
            )
            for name in ("one", "two", "six"):
                # A new file each time, as configuration management does it.
                new = self.path / "new"
                new.write_text(f"{name}\n")
                new.rename(path)
                for _ in range(2):
                    found = repositories.RepositoryList.load(path)
                    names = [str(each) for each in found.references()]
                    self.assertEqual([f"{name}:latest"], names)

    def test_a_file_that_stays_is_read_once(self):
        self.useFixture(
            fixtures.MonkeyPatch("reposync.repositories._SETTLED", 0)
        )
        path = self.path / "list"
        path.write_text("one\n")
        first, second = (
            repositories.RepositoryList.load(path) for _ in range(2)
        )
        self.assertIs(first, second)
        path.unlink()
        self.assertRaises(
            exception.RepositoriesUnreadable,
            repositories.RepositoryList.load,
            path,
        )

    def test_deletions_are_allowed_line_by_line(self):
        listed = repositories.RepositoryList.parse(
            [
                "a:1 delete=no",
                "a delete=yes source=registry",
                "b",
                "b:1 delete=yes",
                "c:1* delete=yes",
                "c delete=no",
                "d",
            ]
        )
        for name, allowed in (
            ("a:1", False),
            ("a:2", True),
            ("b:1", True),
            ("b:2", False),
            ("c:12", True),
            ("c:2", False),
            ("d:1", False),
            ("e:1", False),
        ):
            reference = ref.Reference.parse(name)
            self.assertEqual(allowed, listed.may_delete(reference), name)
        for name, allowed in (("a", True), ("b", True), ("d", False)):
            reference = ref.Reference("docker.io", f"library/{name}", None)
            self.assertEqual(allowed, listed.may_delete(reference), name)
            self.assertTrue(listed.allows(reference))

    def test_a_deletion_is_allowed_with_yes_or_no_alone(self):
        for setting in ("delete", "delete=", "delete=true", "delete=YES"):
            listed = repositories.RepositoryList.parse([f"a {setting}"])
            self.assertEqual((), listed.entries, setting)
            self.assertIn("delete=yes|no", listed.bad_lines[0].reason)
