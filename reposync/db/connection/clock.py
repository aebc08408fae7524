# SPDX-License-Identifier: Apache-2.0
"""The clock of the database, in milliseconds since the epoch.

Leases are compared by one clock only: the hosts of conductors may disagree
about the time.  Whole milliseconds, because MySQL's FLOAT cannot hold
today's epoch to the second.
"""

from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext import compiler
from sqlalchemy.sql import functions


class began_ms(functions.FunctionElement[int]):
    """The database's time when the statement began, epoch milliseconds.

    It is the same for all rows, so an index can be searched for it.  A
    statement that waits for a row must not trust it.
    """

    type = BigInteger()
    inherit_cache = True


class now_ms(functions.FunctionElement[int]):
    """The database's time when the statement runs, epoch milliseconds."""

    type = BigInteger()
    inherit_cache = True


@compiler.compiles(began_ms, "sqlite")
@compiler.compiles(now_ms, "sqlite")
def _sqlite(element: Any, visitor: Any, **kwargs: Any) -> str:
    return (
        "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"
    )


@compiler.compiles(now_ms, "postgresql")
def _postgresql(element: now_ms, visitor: Any, **kwargs: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


@compiler.compiles(now_ms, "mysql", "mariadb")
def _mysql(element: now_ms, visitor: Any, **kwargs: Any) -> str:
    return "CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000 AS SIGNED)"


@compiler.compiles(began_ms, "postgresql")
def _postgresql_began(element: Any, visitor: Any, **kwargs: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000 AS BIGINT)"


@compiler.compiles(began_ms, "mysql", "mariadb")
def _mysql_began(element: Any, visitor: Any, **kwargs: Any) -> str:
    return "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000 AS SIGNED)"
