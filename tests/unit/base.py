# SPDX-License-Identifier: Apache-2.0
"""What all unit tests share."""

import logging
from pathlib import Path

import fixtures
from oslo_config import cfg
from oslo_config import fixture as config_fixture
import testtools

from reposync import service


class TestCase(testtools.TestCase):
    """A test with a configuration and a directory of its own."""

    def setUp(self) -> None:
        """Give the test ``conf``, ``config()`` and ``path``."""
        super().setUp()
        self.path = Path(self.useFixture(fixtures.TempDir()).path)
        self.log = self.useFixture(fixtures.FakeLogger(level=logging.DEBUG))
        fixture = self.useFixture(config_fixture.Config(cfg.CONF))
        service.register_opts(cfg.CONF)
        self.conf: cfg.ConfigOpts = fixture.conf
        self.config = fixture.config
        self.conf([], project="reposync", default_config_files=[])
