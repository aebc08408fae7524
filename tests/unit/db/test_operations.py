# SPDX-License-Identifier: Apache-2.0
"""The table of operations on SQLite."""

from reposync import exception
from reposync.db.connection import session
from reposync.db.queue import operations
from tests.contract import cancelling
from tests.contract import deployment
from tests.contract import joining
from tests.contract import limits
from tests.contract import operations as contract
from tests.contract import outages
from tests.contract import retention
from tests.contract import trees
from tests.contract import turns
from tests.contract import upgrade
from tests.fixtures import database
from tests.unit import base


class SqliteTest(
    cancelling.CancellingContract,
    contract.OperationsContract,
    deployment.DeploymentContract,
    joining.JoiningContract,
    limits.LimitsContract,
    outages.OutagesContract,
    retention.RetentionContract,
    trees.TreesContract,
    turns.TurnsContract,
    upgrade.UpgradeContract,
    base.TestCase,
):
    """The contract."""

    def setUp(self):
        super().setUp()
        fixture = database.SqliteDatabase(self.conf, self.path)
        self.db = self.useFixture(fixture).db

    def empty_database(self):
        url = f"sqlite:///{self.path / 'empty.db'}"
        self.config(connection=url, group="database")
        db = session.Database(self.conf)
        self.addCleanup(db.dispose)
        return db


class UnavailableTest(base.TestCase):
    """A database that is not there."""

    def test_it_says_so(self):
        for url in (
            "postgresql+psycopg2://nobody@127.0.0.1:1/x",
            "mysql+pymysql://nobody@127.0.0.1:1/x",
        ):
            self.config(connection=url, group="database")
            db = session.Database(self.conf, retries=1)
            error = self.assertRaises(
                exception.DatabaseUnavailable,
                operations.submit,
                db,
                contract.request(),
            )
            self.assertNotIn("127.0.0.1", error.message)
