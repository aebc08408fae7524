# SPDX-License-Identifier: Apache-2.0
"""The shape of the tree: which way imports go, how long files are."""

import ast
from pathlib import Path
import subprocess
import sys

import testtools

import reposync

ROOT = Path(reposync.__file__).parent
LONGEST_FILE = 300
LONGEST_FUNCTION = 40

#: Libraries that only one place may know.
ONLY_IN = {
    "docker": ("reposync.sources.docker",),
    "sqlalchemy": ("reposync.db",),
    "alembic": ("reposync.db",),
    "pecan": ("reposync.api",),
    "prometheus_client": ("reposync.conductor",),
    "webob": ("reposync.api",),
    "jwt": ("reposync.webhooks.oidc",),
    "eventlet": (),
    "uvicorn": ("reposync.api",),
    "cliff": ("reposync.client.osc",),
    "openstackclient": (),
    "osc_lib": ("reposync.client.osc",),
    "lxml": ("reposync.drivers.opennebula",),
}

#: What a part of the service may not import of the service.
NEVER = {
    "reposync.api": (
        "reposync.cmd",
        "reposync.drivers",
        "reposync.sources",
        "reposync.conductor",
    ),
    "reposync.conductor": ("reposync.cmd", "reposync.api"),
    "reposync.db": (
        "reposync.api",
        "reposync.cmd",
        "reposync.conductor",
        "reposync.drivers",
        "reposync.sources",
    ),
    "reposync.drivers": (
        "reposync.api",
        "reposync.cmd",
        "reposync.conductor",
        "reposync.db",
    ),
    "reposync.sources": (
        "reposync.api",
        "reposync.cmd",
        "reposync.conductor",
        "reposync.db",
        "reposync.drivers",
    ),
    "reposync.api.identity": (
        "reposync.api.controllers",
        "reposync.api.serving",
        "reposync.api.webhooks",
    ),
    "reposync.db.connection": ("reposync.db.queue", "reposync.db.webhooks"),
    "reposync.db.queue": ("reposync.db.webhooks",),
    "reposync.sources.archive": (
        "reposync.sources.docker",
        "reposync.sources.registry",
    ),
    "reposync.sources.oci": (
        "reposync.sources.archive",
        "reposync.sources.docker",
        "reposync.sources.registry",
    ),
    "reposync.sources.registry": ("reposync.sources.docker",),
    "reposync.webhooks": (
        "reposync.api",
        "reposync.cmd",
        "reposync.conductor",
        "reposync.db",
        "reposync.drivers",
        "reposync.sources",
    ),
    "reposync.client": ("reposync",),
    "reposync.client.sdk": ("reposync.client.osc",),
}
ALLOWED = {("reposync.api", "reposync.conductor.rpcapi")}


def modules():
    """List the modules: name, path, syntax tree."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        yield name, path, ast.parse(path.read_text())


def imports(tree):
    """List what a module imports, in full."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{a.name}" for a in node.names)


def inside(name, package):
    """Tell whether a module is a package or in it."""
    return name == package or name.startswith(f"{package}.")


class TreeTest(testtools.TestCase):
    """Each rule on each module."""

    def test_imports_go_one_way(self):
        wrong = [
            f"{name} imports {found}"
            for name, _, tree in modules()
            for part, forbidden in NEVER.items()
            if inside(name, part)
            for found in imports(tree)
            if any(inside(found, package) for package in forbidden)
            and not inside(found, part)
            and not any(
                part == who and inside(found, what) for who, what in ALLOWED
            )
        ]
        self.assertEqual([], wrong)

    def test_the_service_does_not_import_the_client(self):
        wrong = [
            f"{name} imports {found}"
            for name, _, tree in modules()
            if not inside(name, "reposync.client")
            for found in imports(tree)
            if inside(found, "reposync.client")
        ]
        self.assertEqual([], wrong)

    def test_a_library_is_known_in_one_place(self):
        wrong = [
            f"{name} imports {found}"
            for name, _, tree in modules()
            for found in imports(tree)
            for library, places in ONLY_IN.items()
            if inside(found, library)
            and not any(inside(name, place) for place in places)
        ]
        self.assertEqual([], wrong)

    def test_the_client_brings_nothing_of_the_service(self):
        client = [
            name for name, _, _ in modules() if inside(name, "reposync.client")
        ]
        code = (
            f"import {', '.join(client)}, sys\n"
            "print(*(m for m in sys.modules if m.startswith('reposync.')))"
        )
        found = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
        )
        self.assertEqual(set(client), set(found.stdout.split()))

    def test_what_every_openstack_command_loads_is_light(self):
        code = (
            "import reposync.client.osc.plugin, sys\n"
            "print(*sys.modules.keys() & {'keystoneauth1', 'requests', "
            "'openstack', 'cliff', 'osc_lib', 'reposync.client.sdk'})"
        )
        found = subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            text=True,
        )
        self.assertEqual("", found.stdout.strip())

    def test_files_are_short(self):
        long = {
            name: length
            for name, path, _ in modules()
            if (length := len(path.read_text().splitlines())) > LONGEST_FILE
        }
        self.assertEqual({}, long)

    def test_functions_are_short(self):
        long = {
            f"{name}.{node.name}": length
            for name, _, tree in modules()
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
            and not inside(name, "reposync.db.migrations")
            and (length := self.code_lines(node)) > LONGEST_FUNCTION
        }
        self.assertEqual({}, long)

    @staticmethod
    def code_lines(node):
        """Count the lines of a function without its docstring."""
        length = node.end_lineno - node.lineno + 1
        if ast.get_docstring(node, clean=False) is not None:
            first = node.body[0]
            length -= first.end_lineno - first.lineno + 1
        return length
