# SPDX-License-Identifier: Apache-2.0
"""The tables on real database servers."""

from concurrent import futures

import sqlalchemy as sa
from sqlalchemy import event

from reposync import exception
from reposync.db import migration
from reposync.db import models
from reposync.db.connection import session
from reposync.db.queue import leases
from reposync.db.queue import operations
from tests.contract import cancelling
from tests.contract import deliveries
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
from tests.functional import base


class ServerContract(
    deliveries.DeliveriesContract,
    cancelling.CancellingContract,
    contract.OperationsContract,
    deployment.DeploymentContract,
    joining.JoiningContract,
    limits.LimitsContract,
    outages.ServerOutages,
    retention.RetentionContract,
    trees.TreesContract,
    turns.TurnsContract,
    upgrade.UpgradeContract,
):
    """The contract on a database of its own."""

    variable: str

    def setUp(self):
        super().setUp()
        self.db = self.empty_database()
        migration.sync(self.db)

    def empty_database(self):
        made = database.ServerDatabase(self.lab[self.variable])
        url = self.useFixture(made).url
        self.config(connection=url, group="database")
        db = session.Database(self.conf)
        self.addCleanup(db.dispose)
        return db

    def test_a_transaction_that_stalls_is_broken_off_and_tried_again(self):
        made = operations.submit(self.db, contract.request("a"))
        frozen = session.Database(self.conf)
        self.addCleanup(frozen.dispose)
        claims, left = [], []
        with futures.ThreadPoolExecutor() as others:

            def work(session):
                session.execute(sa.update(models.Operation).values(phase="x"))
                if not claims:
                    claims.append(
                        others.submit(
                            leases.claim, self.db, made.id, 0, "o", 9
                        )
                    )
                    # Frozen, until somebody else had the row, and for
                    # longer than its lease.
                    claims[0].result(40)
                    left.extend(leases.candidates(self.db, 1))
                else:
                    claims.append(None)

            frozen.write(work)
        self.assertEqual("running", claims[0].result().state)
        self.assertEqual(2, len(claims))
        self.assertEqual([], left)


class PostgresqlTest(ServerContract, base.TestCase):
    """The contract on PostgreSQL."""

    variable = "LAB_POSTGRESQL_URL"
    connection_id = "SELECT pg_backend_pid()"
    kill = "SELECT pg_terminate_backend(:number)"
    wrong = {
        "password": "password authentication failed for user",
        "database": "does not exist",
    }

    def test_a_server_that_only_reads_is_an_outage(self):
        # As a standby does after a change of roles.
        name = sa.make_url(self.conf.database.connection).database
        self.db.write(
            lambda session: session.execute(
                sa.text(
                    f"ALTER DATABASE {name} "
                    "SET default_transaction_read_only = on"
                )
            )
        )
        other = session.Database(self.conf, retries=0)
        self.addCleanup(other.dispose)
        error = self.assertRaises(
            exception.DatabaseUnavailable,
            operations.submit,
            other,
            contract.request("a"),
        )
        self.assertIn("read-only transaction", error.reason)

    def test_what_came_between_is_joined_in_the_next_transaction(self):
        # SQLite and InnoDB let nothing in here.
        operations.submit(self.db, contract.request("a"))
        other = session.Database(self.conf)
        self.addCleanup(other.dispose)
        between = [contract.request("b")]

        def executed(connection, statement, *_):
            if statement.is_update and between:
                operations.submit(other, between.pop())

        event.listen(self.db.engine, "after_execute", executed)
        found = operations.submit_all(
            self.db, [contract.request("a"), contract.request("b")]
        )
        self.assertEqual([], between)
        self.assertEqual([1, 1], [row.coalesced for row in found])


class MariadbTest(ServerContract, base.TestCase):
    """The contract on MariaDB."""

    variable = "LAB_MARIADB_URL"
    connection_id = "SELECT CONNECTION_ID()"
    kill = "KILL :number"
    wrong = {"password": "Access denied", "database": "Unknown database"}

    def test_a_lock_that_is_waited_for_too_long_is_an_outage(self):
        other = session.Database(self.conf, retries=0)
        self.addCleanup(other.dispose)
        operations.submit(self.db, contract.request("a"))
        change = sa.update(models.Operation).values(phase="x")

        def impatient(session):
            session.execute(sa.text("SET innodb_lock_wait_timeout = 1"))
            session.execute(change)

        def holding(session):
            session.execute(change)
            return self.assertRaises(
                exception.DatabaseUnavailable, other.write, impatient
            )

        self.assertIn("Lock wait timeout", self.db.write(holding).reason)
