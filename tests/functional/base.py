# SPDX-License-Identifier: Apache-2.0
"""What all functional tests share."""

import os

from tests.fixtures import deployment
from tests.unit import base


class TestCase(base.TestCase):
    """A test that needs the lab; ``self.lab`` holds its environment."""

    def setUp(self) -> None:
        """Fail in CI, skip elsewhere, where there is no lab."""
        super().setUp()
        if "LAB_DIR" not in os.environ:
            reason = "needs the lab: tools/lab up; tools/lab run -- COMMAND"
            if os.environ.get("CI") == "true":
                self.fail(reason)
            self.skipTest(reason)
        self.lab = dict(os.environ)
        self.config(insecure=deployment.INSECURE.split(","), group="registry")
