# SPDX-License-Identifier: Apache-2.0
"""Tests that run the ``openstack`` program with Keystone."""

import contextlib
import signal

from tests.fixtures import cli
from tests.fixtures import deployment
from tests.functional import service


class CliTestCase(service.ServiceTestCase):
    """A test with a logged-in administrator, ``self.openstack``."""

    def setUp(self):
        super().setUp()
        self.openstack = self.user()
        self.addCleanup(self.service.list.write_text, "")

    def user(self, **settings):
        usual = {
            name: value
            for name, value in self.lab.items()
            if name.startswith("OS_") and name != "OS_TEST_PATH"
        }
        usual["OS_REPOSYNC_ENDPOINT"] = self.service.url
        return cli.OpenStack(self.path, **usual | settings)

    def json(self, *words, **kwargs):
        return self.openstack.json("reposync", *words, **kwargs)

    def run_openstack(self, *words, **kwargs):
        return self.openstack.run("reposync", *words, **kwargs)

    @contextlib.contextmanager
    def frozen_conductor(self):
        """Freeze the conductor, so that nothing happens."""
        launcher = self.service.processes["reposync-conductor"].pid
        workers = deployment.children(launcher)
        for pid in workers:
            deployment.send(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in workers:
                deployment.send(pid, signal.SIGCONT)
