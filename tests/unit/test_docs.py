# SPDX-License-Identifier: Apache-2.0
"""What the documents say is what the code does."""

from importlib import metadata
import inspect
from pathlib import Path
import re
import subprocess
import sys

import testtools

from reposync import conf
from reposync import exception
from reposync import policies
from reposync.api import errors

ROOT = Path(__file__).parents[2]
#: Never reach a caller: they end an attempt, not an operation.
INTERNAL = {"lease_lost", "stopping_service"}
#: HTTP allows them, but nothing here answers with them.
UNUSED = {"not_acceptable"}


class DocsTest(testtools.TestCase):
    """Codes, options, paths."""

    def test_every_error_is_in_the_guide_and_no_other(self):
        codes = {
            kind.code
            for _, kind in inspect.getmembers(exception, inspect.isclass)
        }
        codes |= set(errors.HTTP_CODES.values()) | {"children_failed"}
        text = (ROOT / "doc/source/operator.rst").read_text()
        table = text[text.index("\nErrors\n") :]
        listed = re.findall(r"^   \* - ``([a-z_]+)``$", table, re.M)
        self.assertEqual(sorted(set(listed)), listed)
        self.assertEqual(codes - INTERNAL - UNUSED, set(listed))

    def test_every_option_is_in_the_sample(self):
        text = (ROOT / "etc/reposync/reposync.conf.sample").read_text()
        for group, options in conf.list_opts():
            self.assertIn(f"\n[{group.name}]\n", text)
            for option in options:
                self.assertRegex(text, rf"(?m)^#{option.dest} =")

    def test_every_rule_is_in_the_sample(self):
        text = (ROOT / "etc/reposync/policy.yaml.sample").read_text()
        for rule in policies.list_rules():
            self.assertIn(f'"{rule.name}"', text)

    def test_every_scenario_is_in_the_matrix_and_no_other(self):
        text = (ROOT / "doc/source/reliability.rst").read_text()
        promises, _, matrix = text.partition("\nScenarios\n")
        listed = re.findall(r"^     - ``(\w+Test\.test_\S+)``$", matrix, re.M)
        # In a process of its own: the scenarios choose oslo's backend.
        found = subprocess.run(
            [
                *(sys.executable, "-m", "testtools.run", "discover"),
                *("--list", "-t", ".", "-s", "tests/faults"),
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        there = [name.split(".", 3)[3] for name in found]
        self.assertEqual(sorted(there), sorted(listed))
        classes = {name.partition(".")[0] for name in there}
        for name in re.findall(r"``(\w+Test(?:\.\w+)?)``", promises):
            self.assertIn(name, classes | set(there))

    def test_the_page_on_security_names_tests_that_are_there(self):
        text = (ROOT / "doc/source/security.rst").read_text()
        named = re.findall(
            r"``((?:unit|functional|field|faults)\.[a-z_.]+)``", text
        )
        self.assertNotEqual([], named)
        missing = [
            name
            for name in named
            if not (ROOT / f"tests/{name.replace('.', '/')}.py").is_file()
        ]
        self.assertEqual([], missing)
        rows = text.count("\n   * - ") - text.count("   * - Who\n")
        self.assertLess(15, rows)

    def test_every_command_is_in_the_guide(self):
        text = (ROOT / "doc/source/cli.rst").read_text()
        commands = metadata.entry_points(group="openstack.reposync.v1")
        self.assertEqual(10, len(commands))
        for command in commands:
            self.assertIn(f"openstack {command.name.replace('_', ' ')}", text)
