# SPDX-License-Identifier: Apache-2.0
"""Names of images: whatever a reference holds, OpenNebula takes them."""

import hypothesis
from hypothesis import strategies
import testtools

from reposync import exception
from reposync import reference as ref
from reposync.drivers.opennebula import names
from tests.fixtures import one_cloud

PATTERNS = (
    "{name}_{tag}",
    "{name}:{tag}",
    "{registry}-{repository}-{tag}",
    "{tag}_{name}",
    "my/cloud: {registry}_{repository}_{tag}",
    "{registry}{repository}{tag}",
    "{name}~{tag}",
    "{tag} of <{name}>",
    "{registry}_{tag}_{repository}",
    "{registry}{{-{repository}}}{tag}{{",
)
UNHURRIED = hypothesis.settings(
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
#: Few letters, so that two of them are often alike.
HOSTS = strategies.sampled_from(
    ("docker.io", "r.io", "r.io:1", "r.io:5000", "a-b.c", "localhost", "A",
     "[::1]:5000", "a.b", "x.a-b:1")
)  # fmt: skip
REPOSITORIES = strategies.from_regex(
    r"[ab](?:(?:\.|_|__|-{1,2}|/)[ab]){0,4}", fullmatch=True
)
TAGS = strategies.one_of(
    strategies.from_regex(r"[ab_](?:[ab_.-]){0,4}", fullmatch=True),
    strategies.sampled_from(("1.old-7", "1.new-12", "a.old-7", "x" * 128)),
)  # fmt: skip


def reference(host, repository, tag):
    return ref.Reference.parse(f"{host}/{repository}:{tag}")


@strategies.composite
def references(draw):
    try:
        return reference(draw(HOSTS), draw(REPOSITORIES), draw(TAGS))
    except exception.InvalidReference:
        # Docker Hub cannot have it.
        return hypothesis.reject()


REFERENCES = references()


class NamesTest(testtools.TestCase):
    """No two alike, and none that is refused."""

    def check(self, pattern, references):
        found = {}
        for each in references:
            name = names.Names(pattern).plain(each)
            for shown in (
                name,
                names.Names(pattern).hashed(each),
                names.new(name, "0a1b2c3d"),
                names.old(name, 4711),
            ):
                self.assertLessEqual(len(shown.encode()), 128)
                self.assertEqual(set(), set(shown) & one_cloud.FORBIDDEN)
                self.assertEqual(shown.strip(), shown)
                self.assertTrue(shown)
                found.setdefault(shown, each)
                self.assertEqual(found[shown], each, shown)

    @UNHURRIED
    @hypothesis.given(
        strategies.sampled_from(PATTERNS),
        strategies.lists(REFERENCES, min_size=2, max_size=40, unique_by=str),
    )
    def test_names_are_allowed_and_apart(self, pattern, found):
        self.check(pattern, found)

    def test_those_that_would_be_alike(self):
        alike = [
            ("r.io", "a/b", "1"),
            ("r.io", "a_b", "1"),
            ("r.io", "a", "b_1"),
            ("r.io:5000", "a", "1"),
            ("r.io", "5000/a", "1"),
            ("r.io", "a__b", "1"),
            ("r.io", "a", "_b_1"),
            ("r.io", "a", "_"),
            ("r.io", "a", "___"),
            ("r.io", "a", "1"),
            ("r.io", "a", "1.old-7"),
        ]
        for pattern in PATTERNS:
            self.check(pattern, [reference(*each) for each in alike])

    @UNHURRIED
    @hypothesis.given(strategies.text(), REFERENCES)
    def test_any_pattern(self, text, each):
        pattern = text.replace("{", "{{").replace("}", "}}") + "{name}{tag}"
        self.check(pattern, [each])

    def test_names_as_ever(self):
        shown = names.Names("{name}_{tag}").plain
        for text, expected in (
            ("busybox", "busybox_latest"),
            ("a/b:1", "a_b_1"),
            ("r.io/team/app-x:1.0-rc.1", "r.io_team_app-x_1.0-rc.1"),
            ("host:5000/a", "host@5000_a_latest"),
            ("a/my_app:1_2", "a_my__app_1__2"),
        ):
            self.assertEqual(expected, shown(ref.Reference.parse(text)))
        self.assertEqual(
            "docker.io-library_a-9",
            names.Names("{registry}-{repository}-{tag}").plain(
                ref.Reference.parse("a:9")
            ),
        )

    def test_patterns_that_are_none(self):
        for pattern in ("{digest}", "{name", "{name!r}", "{0}", "", "x",
                        "{name:>9}", "{name.x}", "{}"):  # fmt: skip
            error = self.assertRaises(
                exception.CatalogueUnsuitable, names.Names, pattern
            )
            self.assertIn("name_template", error.message)
