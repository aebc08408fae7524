# SPDX-License-Identifier: Apache-2.0
"""What a database error means, by its type and its code.

Never by the text of SQLAlchemy's error: that has the statement's parameters,
and so whatever a registry or a caller wrote.

Sources: PostgreSQL, appendix A, "Error Codes"; MySQL, "Server Error Message
Reference" and "Client Error Message Reference"; MariaDB, "Error Codes";
SQLite, "Result and Error Codes".
"""

from oslo_db import exception as db_exception
from sqlalchemy import exc as sa_exc

#: SQLSTATEs, or their beginnings, of what goes away: lost connections, lack
#: of resources, input and output, a standby, a stalled transaction, conflicts
#: of transactions, locks, a timeout, a server that stops, starts or recovers.
_POSTGRESQL = (
    *("08", "53", "58"),
    *("25006", "25P03", "40001", "40P01", "55P03", "55006"),
    *("57014", "57P01", "57P02", "57P03", "57P04", "57P05"),
)
#: Errors of MySQL, MariaDB and Galera of the same kinds; 0 is PyMySQL's for a
#: connection that is closed, 1047 Galera's for a node that is not ready.
_MYSQL = frozenset(
    (
        *(0, 1020, 1021, 1037, 1038, 1040, 1041, 1042, 1043, 1047, 1053),
        *(1077, 1078, 1079, 1080, 1114, 1129, 1130, 1152, 1158, 1159),
        *(1160, 1161, 1184, 1203, 1205, 1213, 1226, 1290, 1317, 1412),
        *(1637, 1792, 1836, 1927, 1969, 3024, 3100, 3101, 4031),
        *(2002, 2003, 2005, 2006, 2012, 2013, 2026, 2055),
    )
)
#: perm, busy, locked, nomem, readonly, ioerr, full, cantopen, protocol, auth
_SQLITE = frozenset((3, 5, 6, 7, 8, 10, 13, 14, 15, 23))

#: What only an administrator mends: the account, the database, the tables.
_POSTGRESQL_SETUP = ("28", "3D000", "3F000", "42501", "42703", "42P01")
_MYSQL_SETUP = frozenset(
    (1044, 1045, 1049, 1054, 1115, 1142, 1143, 1146, 1251, 1524, 1698)
)
_SQLITE_SETUP = frozenset((11, 26))
_NO_TABLES = frozenset(("42703", "42P01", 1054, 1146))
#: SQLite has one code for all mistakes in a statement.  Its words for these
#: have names of tables and columns in them, and no values.
_SQLITE_NO_TABLES = ("no such table: ", "no such column: ")
_LOST = (sa_exc.TimeoutError, ConnectionError, TimeoutError)
#: The configuration itself: no driver, no address, or none that is one, no
#: file of a certificate.
UNUSABLE = (
    ImportError,
    OSError,
    db_exception.CantStartEngineError,
    sa_exc.ArgumentError,
    sa_exc.NoSuchModuleError,
)


def is_transient(error: BaseException) -> bool:
    """Tell whether the same transaction may succeed a moment later."""
    if isinstance(error, _LOST):
        return True
    driver = driver_error(error)
    code = code_of(driver)
    if isinstance(code, str):
        return code.startswith(_POSTGRESQL)
    if isinstance(code, int):
        return code in (_SQLITE if _is_sqlite(driver) else _MYSQL)
    if isinstance(error, db_exception.DBConnectionError):
        return True
    # psycopg2 has no code for a connection that is not made, or is lost.
    names = ("OperationalError", "InterfaceError", "DatabaseError")
    return not _is_sqlite(driver) and type(driver).__name__ in names


def is_outage(error: BaseException) -> bool:
    """Tell whether the database is at fault, and not the statement."""
    return is_transient(error) or is_misconfigured(error)


def is_misconfigured(error: BaseException) -> bool:
    """Tell whether it takes an administrator to go on."""
    if isinstance(error, (*UNUSABLE, db_exception.DBNonExistentDatabase)):
        return True
    driver = driver_error(error)
    code = code_of(driver)
    if isinstance(code, str):
        return code.startswith(_POSTGRESQL_SETUP)
    if _is_sqlite(driver):
        return code in _SQLITE_SETUP or lacks_tables(error)
    return code in _MYSQL_SETUP or lacks_driver_part(error)


def lacks_tables(error: BaseException) -> bool:
    """Tell whether tables or columns are missing that this release needs."""
    driver = driver_error(error)
    if _is_sqlite(driver):
        return str(driver).startswith(_SQLITE_NO_TABLES)
    return code_of(driver) in _NO_TABLES


def lacks_driver_part(error: BaseException) -> bool:
    """Tell whether PyMySQL needs one more package, for MySQL 8's accounts."""
    cause = error.__cause__ if isinstance(error, db_exception.DBError) else 0
    return any(
        isinstance(each, RuntimeError) and "cryptography" in str(each)
        for each in (error, cause)
    )


def driver_error(error: BaseException) -> BaseException | None:
    """Find what the driver raised; None where it was never asked."""
    found: BaseException | None = error
    while isinstance(found, (db_exception.DBError, sa_exc.SQLAlchemyError)):
        inner = getattr(found, "inner_exception", None)
        found = inner or getattr(found, "orig", None) or found.__cause__
    return found if found is None or _is_drivers(found) else None


def code_of(driver: BaseException | None) -> str | int | None:
    """Give a SQLSTATE of PostgreSQL, or a number of MySQL or SQLite."""
    for name in ("pgcode", "sqlstate"):
        code = getattr(driver, name, None)
        if isinstance(code, str) and hasattr(driver, "diag"):
            return code
    number = getattr(driver, "sqlite_errorcode", None)
    if isinstance(number, int):
        return number & 0xFF
    first = getattr(driver, "args", None) or (None,)
    for candidate in (getattr(driver, "errno", None), first[0]):
        if isinstance(candidate, int):
            return candidate
    return None


def _is_drivers(error: BaseException) -> bool:
    # PEP 249: every driver has a class of this name above its errors.
    return any(
        each.__name__ == "Error" and each.__module__ != "builtins"
        for each in type(error).__mro__
    )


def _is_sqlite(error: BaseException | None) -> bool:
    return type(error).__module__ == "sqlite3"
