# SPDX-License-Identifier: Apache-2.0
"""Runs the rows: a test each."""

import os

from tests.field import base
from tests.field import row as field_row


class RowTest(base.FieldTestCase):
    """Rows that need nothing but this machine."""


class LabRowTest(base.FieldTestCase):
    """Rows that need servers of the lab; ``self.lab`` is its environment."""

    def setUp(self):
        super().setUp()
        if "LAB_DIR" not in os.environ:
            reason = "needs the lab: tools/lab up; tools/lab run -- COMMAND"
            if os.environ.get("CI") == "true":
                self.fail(reason)
            self.skipTest(reason)
        self.lab = dict(os.environ)


def _add(case: type, row: field_row.Row) -> None:
    def test(self):
        self.play(row)

    test.__doc__ = row.situation
    setattr(case, f"test_{row.name}", test)


for each in field_row.collect(lab=False):
    _add(RowTest, each)
for each in field_row.collect(lab=True):
    _add(LabRowTest, each)
