# SPDX-License-Identifier: Apache-2.0
"""What tests of the Glance driver share."""

from reposync.conf import glance as glance_conf
from reposync.drivers.glance import driver
from tests.contract import driver as contract
from tests.fixtures import fake_glance
from tests.unit import base


class GlanceTestCase(contract.DriverCase, base.TestCase):
    """A driver with a Glance in memory, which may misbehave.

    :ivar glance: see `fake_glance.FakeGlance`
    """

    def setUp(self):
        super().setUp()
        self.glance = self.useFixture(fake_glance.FakeGlance())
        self.driver = self.make_driver()
        self.addCleanup(self.forget_options)

    def make_driver(self, **options):
        path = self.path / "glance.conf"
        values = self.glance.options | options
        lines = "".join(f"{key} = {value}\n" for key, value in values.items())
        path.write_text(f"[glance]\n{lines}")
        self.conf([], project="reposync", default_config_files=[str(path)])
        return driver.GlanceDriver(self.conf)

    def forget_options(self):
        """Drop what keystoneauth registers, or other tests would need it."""
        self.conf.reset()
        for option in glance_conf.LISTED:
            self.conf.unregister_opt(option, group="glance")

    def uploads(self):
        """Count the uploads."""
        return self.glance.count("PUT .*/file")

    def read_back(self):
        """Count the images that were read back."""
        return self.glance.count("GET .*/file")
