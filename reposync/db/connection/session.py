# SPDX-License-Identifier: Apache-2.0
"""Connections, transactions, and what to do when the database is away."""

from collections.abc import Callable
from collections.abc import Iterator
import contextlib
from typing import Any
from typing import cast
from typing import TypeVar

from oslo_config import cfg
from oslo_db import api
from oslo_db.sqlalchemy import enginefacade
from sqlalchemy import engine as sa_engine
from sqlalchemy import event
from sqlalchemy import orm
from sqlalchemy import sql as sa_sql

from reposync.db.connection import errors
from reposync.db.connection import explanations

T = TypeVar("T")

#: Options of oslo.db that are heeded.
ENGINE_OPTIONS = (
    "connection",
    "connection_debug",
    "connection_parameters",
    "connection_recycle_time",
    "connection_trace",
    "max_overflow",
    "max_pool_size",
    "mysql_sql_mode",
    "mysql_wsrep_sync_wait",
    "pool_timeout",
    "sqlite_synchronous",
)
_SQLITE_BUSY_MS = 30000
#: Seconds after which a server breaks off a transaction in the middle of
#: which nothing comes any more.  Its process is frozen, or its host is gone,
#: and what it has locked others wait for, whatever its leases are.
_STALLED = 10
_FIRST_RETRY = 0.1
_LONGEST_RETRY = 5.0


@enginefacade.transaction_context_provider
class _Context:
    """Carries one transaction of one call."""


class Database:
    """Access to the database.

    Nothing is connected before the first transaction, so that a process may
    fork after making this.

    :param conf: the configuration; its group ``database`` is oslo.db's
    :param retries: how often a transaction is tried again while the
        database is away or busy, at growing distances of up to 5 s
    """

    def __init__(self, conf: cfg.ConfigOpts, retries: int = 5):
        """Store the configuration."""
        self._facade = enginefacade.transaction_context()
        self._address = conf.database.connection
        options = {name: conf.database[name] for name in ENGINE_OPTIONS}
        # The first connection is retried by `_run`, like any other.
        self._facade.configure(**options, max_retries=0)
        self._facade.append_on_engine_create(_prepare_engine)
        self._retry = api.wrap_db_retry(
            retry_interval=_FIRST_RETRY,
            max_retries=retries,
            inc_retry_interval=True,
            max_retry_interval=_LONGEST_RETRY,
            exception_checker=errors.is_transient,
            jitter=True,
        )

    @property
    def engine(self) -> sa_engine.Engine:
        """The engine, for migrations.

        :raises DatabaseUnavailable: the configuration names no database
        """
        try:
            return self._facade.writer.get_engine()
        except (*errors.UNUSABLE, ValueError) as error:
            raise explanations.unavailable(error, self._address) from error

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Put what goes wrong with the engine into words.

        :raises DatabaseUnavailable: instead of what the driver raised
        """
        try:
            yield
        except Exception as error:
            if errors.is_outage(error) or explanations.is_bad(self._address):
                raise explanations.unavailable(error, self._address) from error
            raise

    def read(self, work: Callable[[orm.Session], T]) -> T:
        """Run a function in a transaction that only reads.

        :raises DatabaseUnavailable: if the database stays away
        """
        return self._run(self._facade.reader, work)

    def write(self, work: Callable[[orm.Session], T]) -> T:
        """Run a function in a transaction that writes.

        It may run more than once.  On SQLite its first statement must be a
        write, or the lock cannot be waited for.

        :raises DatabaseUnavailable: if the database stays away
        """
        return self._run(self._facade.writer, work)

    def ping(self) -> None:
        """Ask the database something.

        :raises DatabaseUnavailable: it does not answer
        """
        self.read(lambda session: session.execute(sa_sql.text("SELECT 1")))

    def dispose(self) -> None:
        """Close the idle connections."""
        self._facade.dispose_pool()

    def _run(self, manager: Any, work: Callable[[orm.Session], T]) -> T:
        def once() -> T:
            with manager.using(_Context()) as session:
                return work(session)

        with self.explained():
            return self._retry(once)()


def changed(session: orm.Session, statement: sa_sql.Update) -> int:
    """Run an update past the session's objects.

    :returns: how many rows it met
    """
    result = session.execute(
        statement, execution_options={"synchronize_session": False}
    )
    return cast(sa_engine.CursorResult[Any], result).rowcount


def _prepare_engine(engine: sa_engine.Engine) -> None:
    prepare = _PREPARE.get(engine.dialect.name)
    if prepare is not None:
        event.listen(engine, "connect", prepare)


def _prepare_sqlite(connection: Any, record: Any) -> None:
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(f"PRAGMA busy_timeout={_SQLITE_BUSY_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")


def _prepare_postgresql(connection: Any, record: Any) -> None:
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(
            f"SET idle_in_transaction_session_timeout = '{_STALLED}s'"
        )
    # A rollback, which ends every use of a connection, would undo it.
    connection.commit()


def _prepare_mysql(connection: Any, record: Any) -> None:
    name = "idle_transaction_timeout"
    with contextlib.closing(connection.cursor()) as cursor:
        # In local time the clock would jump at the end of summer time.
        cursor.execute("SET SESSION time_zone = '+00:00'")
        # MariaDB has it; MySQL has nothing like it.
        cursor.execute(f"SHOW VARIABLES LIKE '{name}'")
        if cursor.fetchone():
            cursor.execute(f"SET SESSION {name} = {_STALLED}")


_PREPARE = {
    "mysql": _prepare_mysql,
    "postgresql": _prepare_postgresql,
    "sqlite": _prepare_sqlite,
}
