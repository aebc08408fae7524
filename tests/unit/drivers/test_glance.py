# SPDX-License-Identifier: Apache-2.0
"""The Glance driver keeps its contract on a Glance in memory, too."""

from tests.contract import discard
from tests.contract import driver as contract
from tests.fixtures import fake_glance
from tests.unit.drivers import glance_base


class GlanceTest(
    discard.DiscardContract,
    contract.DriverContract,
    glance_base.GlanceTestCase,
):
    """The contract."""

    def stored(self, image_id):
        return self.glance.data[image_id]

    def left_overs(self):
        return len(self.glance.records) - len(self.listed())

    def make_vm_image(self, name):
        self.glance.records["disk"] = {
            "id": "disk",
            "name": name,
            "status": "active",
            "container_format": "bare",
            "owner": fake_glance.PROJECT,
        }
        return "disk"
