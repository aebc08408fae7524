# SPDX-License-Identifier: Apache-2.0
"""The table of operations on real database servers."""

from reposync.db import migration
from reposync.db import session
from tests.contract import joining
from tests.contract import operations as contract
from tests.contract import retention
from tests.fixtures import database
from tests.functional import base


class ServerContract(
    contract.OperationsContract,
    joining.JoiningContract,
    retention.RetentionContract,
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
