# SPDX-License-Identifier: Apache-2.0
"""What the rows are given."""

import atexit
from collections.abc import Mapping
from pathlib import Path
import random
import shutil
import tempfile
from typing import Any

import fixtures
import testtools

from lab import images
from tests.field import registry as field_registry
from tests.field import row as field_row
from tests.fixtures import standalone

#: Options of the processes of all rows: what fails shall fail soon.
OPTIONS = {
    "registry": {"attempts": "3", "read_timeout": "5", "connect_timeout": "5"},
    "conductor": {"retry_delay": "1", "max_attempts": "2", "workers": "4"},
}
#: Equal requests that one pull may send: attempts times max_attempts.
MOST = 6
#: May be in no log and no answer.
PASSWORD = "pa55word-nobody-may-see"


class FieldTestCase(testtools.TestCase):
    """Plays rows with ``reposync-standalone``.

    :ivar path: a directory of the row's own
    :ivar most: equal requests that a registry of the row may get
    """

    def setUp(self):
        super().setUp()
        self.path = Path(self.useFixture(fixtures.TempDir()).path)
        self.most = 0
        self._registries: list[field_registry.Registry] = []
        self._services: list[standalone.Standalone] = []

    def play(self, row: field_row.Row) -> None:
        """Play a row, and hold it to what counts for all of them."""
        row.run(self)
        for each in self._registries:
            for request, number in each.repeats().items():
                self.assertLessEqual(number, self.most, request)
        for each in self._services:
            self.assertNotIn(PASSWORD, each.log.read_text())

    def registry(self, *, tls: bool = False) -> field_registry.Registry:
        """Start a registry; it speaks plain HTTP unless told otherwise."""
        folder = certificates() if tls else None
        made = self.useFixture(field_registry.Registry(folder))
        self._registries.append(made)
        return made

    def image(
        self,
        registry: field_registry.Registry,
        repository: str = "team/app",
        tag: str = "1",
        size: int = 1000,
        **how: Any,
    ) -> images.PushedImage:
        """Push an image to a registry; see `images.push_image`.

        :param size: bytes of its layer, which does not compress
        """
        content = {"file": random.randbytes(size)}
        return images.push_image(registry.url, repository, tag, content, **how)

    def start(
        self,
        options: standalone.Options | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> "Service":
        """Start a process of the row's own, with options by group."""
        service = Service(self.path / "service", options, environment)
        self.addCleanup(service.close)
        self._services.append(service.process)
        return service

    @property
    def service(self) -> "Service":
        """The process that all rows without a need of their own share."""
        found = _shared()
        if found.process not in self._services:
            self._services.append(found.process)
        return found

    def pull(
        self, name: str, service: "Service | None" = None
    ) -> dict[str, Any]:
        """Ask for an image; returns the operation when it has ended."""
        self.most += MOST
        caller = (service or self.service).caller
        found = caller.ended(caller.pull(name), 90)
        self.assertNotIn(PASSWORD, str(found))
        return found

    def begin(self, name: str) -> dict[str, Any]:
        """Ask the shared process for an image; returns the operation."""
        self.most += MOST
        return self.service.caller.pull(name)

    def succeeds(
        self, name: str, service: "Service | None" = None
    ) -> dict[str, Any]:
        """Pull an image that must arrive; returns the operation."""
        found = self.pull(name, service)
        self.assertEqual("succeeded", found["state"], found)
        return found

    def fails(
        self,
        name: str,
        code: str,
        *words: str,
        service: "Service | None" = None,
    ) -> dict[str, Any]:
        """Pull an image that must fail with a code and with words."""
        found = self.pull(name, service)
        self.assertEqual(("failed", code), outcome(found), found)
        for word in words:
            self.assertIn(word, found["error"]["message"])
        return found

    def sync(
        self, lines: list[str], service: "Service"
    ) -> dict[str, dict[str, Any]]:
        """Synchronise a list; returns the ended parts by reference."""
        self.most += MOST
        service.process.list.write_text("\n".join(lines) + "\n")
        caller = service.caller
        done = caller.ended(caller.accepted(caller.call("PUT", "/v1/sync")))
        answer = caller.call(
            "GET", "/v1/operations", params={"parent": done["id"]}
        )
        parts = answer.json()["operations"]
        self.assertNotIn(PASSWORD, str(parts))
        return {part["reference"]: part for part in parts}


class Service:
    """``reposync-standalone`` with a caller who may do everything.

    :ivar accounts: its file of credentials, without one at first
    :ivar process: see `standalone.Standalone`
    :ivar caller: see `tests.fixtures.client.Client`
    """

    def __init__(
        self,
        directory: Path,
        options: standalone.Options | None = None,
        environment: Mapping[str, str] | None = None,
    ):
        directory.mkdir(exist_ok=True)
        self.accounts = directory / "auth.json"
        self.accounts.write_text('{"auths": {}}')
        own = {"registry": {"auth_file": str(self.accounts)}}
        self.process = standalone.Standalone(
            directory,
            standalone.merge(OPTIONS, own, options or {}),
            environment,
        )
        self.caller = self.process.start()

    def close(self) -> None:
        """End the process."""
        self.process.process.kill()
        self.process.process.wait(60)


def trust() -> dict[str, dict[str, str]]:
    """Give the options for registries with TLS: no other is trusted."""
    authority = certificates() / "ca.pem"
    return {
        "registry": {
            "ca_file": str(authority),
            "insecure": "",
            "allowed_private_hosts": "localhost",
        }
    }


def outcome(operation: Mapping[str, Any]) -> tuple[str, str | None]:
    """Give the state of an operation, and the code of its error."""
    error = operation.get("error") or {}
    return operation["state"], error.get("code")


_made: dict[str, Any] = {}


def certificates() -> Path:
    """Give a directory with certificates for localhost."""
    if "certificates" not in _made:
        _made["certificates"] = _directory()
    return _made["certificates"]


def _shared() -> Service:
    if "service" not in _made:
        _made["service"] = service = Service(_directory())
        atexit.register(service.close)
    return _made["service"]


def _directory() -> Path:
    path = Path(tempfile.mkdtemp(prefix="reposync-field-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path
