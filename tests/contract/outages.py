# SPDX-License-Identifier: Apache-2.0
"""What counts as an outage of a database, and what does not."""

from oslo_db import exception as db_exception
import sqlalchemy as sa

from reposync import exception
from reposync.db import models
from reposync.db.connection import session

#: What a registry may have said, and so what a statement may have in it.
_LOOKS_LIKE_ONE = (
    "connection to server at 10.0.0.1 failed: connection refused; the "
    "database system is starting up; database is locked; deadlock detected "
    "(1205, 'Lock wait timeout exceeded') (2013, 'Lost connection')"
)


class OutagesContract:
    """A test with ``self.db``, and ``self.conf`` that leads to it."""

    def row(self, number):
        return models.Operation(
            id=str(number),
            kind="pull",
            state="queued",
            image_key="k",
            pending_key="the same",
            error_message=_LOOKS_LIKE_ONE,
            project_id=_LOOKS_LIKE_ONE[:64],
            attempt=0,
            not_before=0,
            created_at=0,
            updated_at=0,
        )

    def test_a_duplicate_whose_values_look_like_an_outage(self):
        tries = []

        def work(session):
            tries.append(1)
            session.add_all([self.row(1), self.row(2)])

        self.assertRaises(db_exception.DBDuplicateEntry, self.db.write, work)
        self.assertEqual([1], tries)

    def test_a_mistake_whose_text_looks_like_an_outage(self):
        tries = []

        def work(session):
            tries.append(1)
            nonsense = sa.text("SELECT :text FROM WHERE")
            session.execute(nonsense, {"text": _LOOKS_LIKE_ONE})

        expected = (db_exception.DBError, sa.exc.SQLAlchemyError)
        error = self.assertRaises(expected, self.db.read, work)
        self.assertNotIsInstance(error, exception.DatabaseUnavailable)
        self.assertEqual([1], tries)

    def test_tables_that_were_not_made(self):
        def work(session):
            session.execute(sa.text("SELECT x FROM not_made"))

        error = self.assertRaises(
            exception.DatabaseUnavailable, self.db.read, work
        )
        self.assertIn("reposync-manage db sync", error.reason)
        self.assertEqual(error.reason, error.public)

    def test_a_column_that_was_not_made(self):
        def work(session):
            session.execute(sa.text("SELECT not_made FROM operations"))

        error = self.assertRaises(
            exception.DatabaseUnavailable, self.db.read, work
        )
        self.assertIn("reposync-manage db sync", error.reason)


class ServerOutages(OutagesContract):
    """The same on a server, which can do more.

    :ivar wrong: by part of the address what is said when it is wrong
    """

    wrong: dict[str, str]
    kill: str
    connection_id: str

    def refused(self, **changes):
        url = sa.make_url(self.conf.database.connection).set(**changes)
        text = url.render_as_string(hide_password=False)
        self.config(connection=text, group="database")
        db = session.Database(self.conf, retries=0)
        self.addCleanup(db.dispose)
        error = self.assertRaises(exception.DatabaseUnavailable, db.ping)
        self.assertNotIn("\n", error.reason)
        return error

    def test_a_wrong_password(self):
        error = self.refused(password="a wrong password")
        self.assertIn(self.wrong["password"], error.reason)
        self.assertIn("lab", error.reason)
        self.assertNotIn("a wrong password", error.reason)
        self.assertNotIn("lab", error.public)
        self.assertNotIn("127.0.0.1", error.public)

    def test_a_wrong_database(self):
        error = self.refused(database="no_such_database")
        self.assertIn(self.wrong["database"], error.reason)

    def test_a_password_that_breaks_the_address(self):
        error = self.refused(host="ss@127.0.0.1")
        self.assertIn("write @ as %40", error.reason)
        self.assertNotIn("ss@", error.reason)

    def test_a_connection_that_the_server_ends(self):
        tries = []

        def work(session):
            tries.append(1)
            if len(tries) == 1:
                number = session.scalar(sa.text(self.connection_id))
                self.db.write(
                    lambda other: other.execute(
                        sa.text(self.kill), {"number": number}
                    )
                )
            return session.scalar(sa.text("SELECT 1"))

        other = session.Database(self.conf)
        self.addCleanup(other.dispose)
        self.assertEqual(1, other.read(work))
        self.assertEqual(2, len(tries))
