# SPDX-License-Identifier: Apache-2.0
"""The tables on real database servers."""

from reposync.db import migration
from reposync.db import session
from tests.contract import deliveries
from tests.contract import operations as contract
from tests.fixtures import database
from tests.functional import base


class ServerContract(
    deliveries.DeliveriesContract, contract.OperationsContract
):
    """The contract on a database of its own."""

    variable: str

    def setUp(self):
        super().setUp()
        made = database.ServerDatabase(self.lab[self.variable])
        url = self.useFixture(made).url
        self.config(connection=url, group="database")
        self.db = session.Database(self.conf)
        self.addCleanup(self.db.dispose)
        migration.sync(self.db)


class PostgresqlTest(ServerContract, base.TestCase):
    """The contract on PostgreSQL."""

    variable = "LAB_POSTGRESQL_URL"


class MariadbTest(ServerContract, base.TestCase):
    """The contract on MariaDB."""

    variable = "LAB_MARIADB_URL"
