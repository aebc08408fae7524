# SPDX-License-Identifier: Apache-2.0
"""Deliveries and callbacks on SQLite."""

from tests.contract import deliveries as contract
from tests.fixtures import database
from tests.unit import base


class SqliteTest(contract.DeliveriesContract, base.TestCase):
    """The contract."""

    def setUp(self):
        super().setUp()
        fixture = database.SqliteDatabase(self.conf, self.path)
        self.db = self.useFixture(fixture).db
