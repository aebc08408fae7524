# SPDX-License-Identifier: Apache-2.0
"""What drivers raise, and what it means."""

import sqlite3

from oslo_db import exception as db_exception
import psycopg2
from psycopg2 import errorcodes
import pymysql
from sqlalchemy import exc as sa_exc

from reposync import exception
from reposync.db.connection import errors
from reposync.db.connection import session
from tests.unit import base


class Postgresql(psycopg2.DatabaseError):
    """Only the library itself can give its errors a code."""

    pgcode = ""


def postgresql(code):
    made = Postgresql("some words")
    made.pgcode = code
    return made


def wrapped(driver, kind=sa_exc.OperationalError):
    """Wrap it as SQLAlchemy and oslo.db do, with misleading values."""
    inner = kind("INSERT", {"text": "connection refused"}, driver)
    return db_exception.DBError(inner)


class ErrorsTest(base.TestCase):
    """By type and code."""

    def meaning(self, driver):
        error = wrapped(driver)
        return errors.is_transient(error), errors.is_misconfigured(error)

    def test_postgresql(self):
        for code in (
            *(errorcodes.ADMIN_SHUTDOWN, errorcodes.CANNOT_CONNECT_NOW),
            *(errorcodes.CRASH_SHUTDOWN, errorcodes.CONNECTION_FAILURE),
            *(errorcodes.SERIALIZATION_FAILURE, errorcodes.DISK_FULL),
            *(errorcodes.DEADLOCK_DETECTED, errorcodes.TOO_MANY_CONNECTIONS),
            *(errorcodes.READ_ONLY_SQL_TRANSACTION, errorcodes.IO_ERROR),
        ):
            self.assertEqual((True, False), self.meaning(postgresql(code)))
        for code in (
            *(errorcodes.UNDEFINED_TABLE, errorcodes.UNDEFINED_COLUMN),
            *(errorcodes.INVALID_PASSWORD, errorcodes.INVALID_CATALOG_NAME),
        ):
            self.assertEqual((False, True), self.meaning(postgresql(code)))
        for code in (
            *(errorcodes.UNIQUE_VIOLATION, errorcodes.SYNTAX_ERROR),
            *(errorcodes.STRING_DATA_RIGHT_TRUNCATION, "22021"),
        ):
            self.assertEqual((False, False), self.meaning(postgresql(code)))

    def test_a_connection_of_postgresql_without_a_code(self):
        for kind in (psycopg2.OperationalError, psycopg2.InterfaceError):
            self.assertEqual((True, False), self.meaning(kind("gone")))
        for kind in (psycopg2.ProgrammingError, psycopg2.IntegrityError):
            self.assertEqual((False, False), self.meaning(kind("gone")))

    def test_mysql(self):
        lost = (0, 1040, 1047, 1053, 1205, 1213, 2003, 2006, 2013, 3024)
        for number in lost:
            made = pymysql.err.OperationalError(number, "")
            self.assertEqual((True, False), self.meaning(made), number)
        for number in (1044, 1045, 1049, 1054, 1146):
            made = pymysql.err.OperationalError(number, "")
            self.assertEqual((False, True), self.meaning(made), number)
        for number in (1062, 1064, 1366, 1406):
            made = pymysql.err.DataError(number, "2013, 1205, 2006")
            self.assertEqual((False, False), self.meaning(made), number)

    def test_sqlite(self):
        for code, expected in (
            (sqlite3.SQLITE_BUSY, (True, False)),
            (sqlite3.SQLITE_LOCKED, (True, False)),
            (sqlite3.SQLITE_FULL, (True, False)),
            (sqlite3.SQLITE_READONLY_DBMOVED, (True, False)),
            (sqlite3.SQLITE_IOERR_WRITE, (True, False)),
            (sqlite3.SQLITE_CANTOPEN, (True, False)),
            (sqlite3.SQLITE_NOTADB, (False, True)),
            (sqlite3.SQLITE_CONSTRAINT_UNIQUE, (False, False)),
            (sqlite3.SQLITE_ERROR, (False, False)),
        ):
            made = sqlite3.OperationalError("database is locked")
            made.sqlite_errorcode = code
            self.assertEqual(expected, self.meaning(made), code)

    def test_other_errors_are_no_outage(self):
        for error in (ValueError("connection refused"), KeyError("x")):
            self.assertFalse(errors.is_outage(error))


class ConfigurationTest(base.TestCase):
    """Addresses that lead nowhere."""

    def reason(self, address):
        self.config(connection=address, group="database")
        db = session.Database(self.conf, retries=0)
        error = self.assertRaises(exception.DatabaseUnavailable, db.ping)
        self.assertNotIn("secret", f"{error.reason}{error.public}{error}")
        return error.reason

    def test_what_is_wrong_is_said(self):
        for address, expected in (
            ("", "[database] connection is not set"),
            ("nonsense", "is no address of a database"),
            ("post://u:secret@h/x", "is no address of a database"),
            ("mysql://u:secret@h/x", "pip install mysqlclient"),
            ("postgresql+psycopg2://u:se@secret@h/x", "write @ as %40"),
            (f"sqlite:///{self.path}/none/x", "unable to open database file"),
            (f"sqlite:///{self.path}/text", "file is not a database"),
        ):
            (self.path / "text").write_text("no database" * 100)
            self.assertIn(expected, self.reason(address), address)

    def test_a_file_that_cannot_be_written(self):
        self.config(connection="sqlite:////proc/version", group="database")
        db = session.Database(self.conf, retries=0)
        self.assertRaises(exception.DatabaseUnavailable, db.ping)
