# SPDX-License-Identifier: Apache-2.0
"""What the code imports is what it requires: no less, and no more."""

import ast
import configparser
from importlib import metadata
from pathlib import Path
import re
import sys

import testtools

import reposync

PACKAGE = Path(reposync.__file__).parent
ROOT = PACKAGE.parent
#: What the extra `cli` is for; everything else does without it.
CLI = PACKAGE / "client/osc"
#: Required, but imported by others only; and what is lost without it.
UNSEEN = {
    "cryptography": "PyJWT checks the signatures of OpenID tokens with it",
    "python-openstackclient": "has the command that the client extends",
    "pysocks": "urllib3.contrib.socks is a door to it",
}
#: Modules that may be missing, and the requirement that brings each; uWSGI
#: has its own built in.
OPTIONAL = {"urllib3.contrib.socks": "pysocks", "uwsgi": None}


def plain(name):
    """Write the name of a distribution as the index does."""
    return re.sub(r"[-_.]+", "-", name).lower()


def listed(lines):
    """Read requirements: the lowest version of each name."""
    found = (re.match(r"([\w.-]+)(?:\[.*\])?>=([\d.]+)$", x) for x in lines)
    return {plain(each[1]): each[2] for each in found}


def required(name):
    return listed((ROOT / name).read_text().splitlines())


def extras():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg")
    return {
        name: listed(lines.strip().splitlines())
        for name, lines in parser["extras"].items()
    }


def optional(tree):
    """Find the imports that may fail."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(
            "ImportError" in ast.unparse(handler.type or ast.Constant(""))
            for handler in node.handlers
        ):
            for line in node.body:
                yield from ast.walk(line)


def imports(path):
    """List the foreign modules of a file: name, and whether it may fail."""
    tree = ast.parse(path.read_text())
    may_fail = set(optional(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names | {"reposync"}:
                yield name, node in may_fail


class RequirementsTest(testtools.TestCase):
    """Files of requirements, and the tree."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.base = required("requirements.txt")
        cls.extras = extras()
        cls.owners = {
            module: {plain(name) for name in names}
            for module, names in metadata.packages_distributions().items()
        }
        cls.files = {
            path: list(imports(path)) for path in PACKAGE.rglob("*.py")
        }

    def used(self, cli):
        """Tell which distributions are imported: by the client, or else."""
        found = set()
        for path, names in self.files.items():
            if path.is_relative_to(CLI) != cli:
                continue
            for name, may_fail in names:
                if not may_fail:
                    top = name.partition(".")[0]
                    self.assertIn(top, self.owners, f"{path} imports {name}")
                    found |= self.owners[top]
        return found

    def test_the_service_requires_what_it_imports(self):
        self.assertEqual(set(self.base) - set(UNSEEN), self.used(cli=False))

    def test_the_command_requires_what_it_imports(self):
        self.assertEqual(
            set(self.extras["cli"]) - set(UNSEEN),
            self.used(cli=True) - set(self.base),
        )

    def test_what_may_be_missing_is_an_extra(self):
        found = {
            name
            for names in self.files.values()
            for name, may_fail in names
            if may_fail
        }
        self.assertEqual(set(OPTIONAL), found)
        listed = {name for extra in self.extras.values() for name in extra}
        self.assertEqual(set(), set(OPTIONAL.values()) - listed - {None})

    def test_what_is_not_imported_is_still_required(self):
        everything = set(self.base).union(*self.extras.values())
        self.assertEqual(set(), set(UNSEEN) - everything)

    def test_one_name_has_one_lowest_version(self):
        files = [self.base, *self.extras.values()]
        files.append(required("test-requirements.txt"))
        for name in {name for each in files for name in each}:
            versions = {each[name] for each in files if name in each}
            self.assertEqual(1, len(versions), f"{name}: {versions}")
