# SPDX-License-Identifier: Apache-2.0
"""Which of several platforms is meant."""

import testtools

from reposync import exception
from reposync.sources.oci.platforms import choose
from reposync.sources.oci.platforms import Platform


class ChooseTest(testtools.TestCase):
    """The same platform is written in several ways."""

    def choose(self, wanted, *present):
        found = choose(
            "x", Platform.parse(wanted), list(map(self.of, present))
        )
        return present[found]

    def of(self, text):
        return Platform.parse(text)

    def test_the_same(self):
        for wanted, present in (
            ("linux/amd64", "linux/amd64"),
            ("linux/amd64", "linux/amd64/v1"),
            ("linux/arm64", "linux/arm64/v8"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
        ):
            others = "linux/s390x", "windows/amd64", "unknown/unknown"
            self.assertEqual(present, self.choose(wanted, *others, present))

    def test_an_older_variant_is_better_than_none(self):
        present = "linux/arm/v5", "linux/arm/v6", "linux/arm/v8"
        self.assertEqual("linux/arm/v6", self.choose("linux/arm/v7", *present))

    def test_variants_are_numbers(self):
        for wanted, expected, *others in (
            ("linux/arm/v10", "linux/arm/v9", "linux/arm/v8"),
            ("linux/arm/v10", "linux/arm/v10", "linux/arm/v9"),
            ("linux/arm/v8", "linux/arm", "linux/arm/v6"),
            ("linux/amd64/v4", "linux/amd64/v3", "linux/amd64/v2"),
            ("linux/amd64/v2", "linux/amd64", "linux/amd64/v3"),
            ("linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386"),
            ("linux/arm64/v9", "linux/arm64/v8.5", "linux/arm64/v8.6"),
            ("linux/arm64/v9.1", "linux/arm64/v9", "linux/arm64/v8.6"),
            ("linux/mips64/r6", "linux/mips64", "linux/mips64/r5"),
        ):
            for present in ([expected, *others], [*others, expected]):
                self.assertEqual(expected, self.choose(wanted, *present))

    def test_the_first_of_two_that_are_the_same(self):
        present = list(map(self.of, ("linux/amd64/v1", "linux/amd64")))
        self.assertEqual(0, choose("x", self.of("linux/amd64"), present))

    def test_words(self):
        for text, expected in (
            ("linux/x86_64", "linux/amd64"),
            ("linux/x86-64", "linux/amd64"),
            ("Linux/AMD64", "linux/amd64"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/arm64/8", "linux/arm64/v8"),
            ("linux/ARM64/V8", "linux/arm64/v8"),
            ("linux/armhf", "linux/arm/v7"),
            ("linux/armel", "linux/arm/v6"),
            ("linux/i386", "linux/386"),
            ("linux/386/v1", "linux/386"),
            ("macos/arm64", "darwin/arm64"),
            ("windows(10.0.1)/amd64", "windows(10.0.1)/amd64"),
            ("linux(+erofs)/amd64", "linux(+erofs)/amd64"),
        ):
            self.assertEqual(expected, str(self.of(text)), text)

    def test_what_strangers_write(self):
        for entry in (
            {"os": 5, "architecture": ["amd64"]},
            {"os": None},
            {"os.features": 5, "variant": {}},
            {},
        ):
            self.assertTrue(Platform.of(entry).blank, entry)
        found = Platform.of({"os": "l" * 9999, "architecture": "a\0\n\ud800"})
        self.assertEqual((64, "a"), (len(found.os), found.architecture))

    def test_what_is_not_said_is_what_is_wanted(self):
        wanted = self.of("linux/amd64")
        for entry in (
            {},
            {"os": "", "architecture": ""},
            {"os": "unknown", "architecture": "unknown"},
            {"architecture": "x86_64"},
            {"os": "linux", "architecture": "amd64", "variant": "v8"},
        ):
            found = Platform.of(entry).completed(wanted)
            self.assertEqual(0, choose("x", wanted, [found]), entry)
        for entry in ({"os": "windows"}, {"architecture": "arm64"}):
            found = Platform.of(entry).completed(wanted)
            self.assertIsNone(wanted.rank(found))

    def test_what_a_host_must_have(self):
        for wanted, expected, *others in (
            ("linux/amd64", "linux/amd64", "linux(+erofs)/amd64"),
            ("linux(+erofs)/amd64", "linux(+erofs)/amd64", "linux/amd64"),
            ("windows(10.0.2.7)/amd64", "windows(10.0.2.9)/amd64",
             "windows(10.0.1.1)/amd64"),
            ("windows/amd64", "windows(10.0.1+win32k)/amd64"),
        ):  # fmt: skip
            found = self.choose(wanted, *others, expected)
            self.assertEqual(expected, found)

    def test_a_newer_variant_is_none(self):
        for wanted, present in (
            ("linux/arm64", "linux/arm64/v8.1"),
            ("linux/arm64/v9", "linux/arm64/v9.1"),
            ("linux/arm64", "linux/arm/v7"),
            ("linux/amd64", "linux/386"),
            ("linux/amd64", "linux(+erofs)/amd64"),
            ("windows(10.0.2)/amd64", "windows(10.0.1)/amd64"),
            ("linux/riscv64", "linux/riscv64/rva23u64"),
            ("linux/arm/v6", "linux/arm/v7"),
            ("linux/amd64", "linux/amd64/v3"),
            ("linux/amd64", "windows/amd64"),
        ):
            error = self.assertRaises(
                exception.PlatformNotFound, self.choose, wanted, present
            )
            self.assertIn(present, error.message)
