# SPDX-License-Identifier: Apache-2.0
"""Says in a line what is wrong with the database, and what to do."""

import re

from oslo_db import exception as db_exception
from sqlalchemy import engine as sa_engine
from sqlalchemy import exc as sa_exc

from reposync import exception
from reposync import texts
from reposync.db.connection import errors

#: What to install for the modules that SQLAlchemy asks for.
_PACKAGES = {
    "MySQLdb": "mysqlclient",
    "mysql": "mysql-connector-python",
    "psycopg2": "psycopg2-binary",
    "pymysql": "PyMySQL",
}
_LONGEST = 300
#: libpq tells where it tried, and MySQL whom it spoke to, before the reason.
_PLACE = re.compile(
    r"(connection to server (at|on) .*?failed: )|(\bFATAL: +)"
    r"|( \(\[?[^()]*\]?\)$)"
)
_QUOTED = re.compile(r"\"[^\"]*\"|(?<!\w)'[^']*'(@'[^']*')?")
#: Shorter passwords are parts of words, and no secret.
_SHORTEST = 4


def unavailable(
    error: BaseException, address: str | None
) -> exception.DatabaseUnavailable:
    """Make the error that callers see, with the reason for operators.

    :param address: ``[database] connection``; its password is not shown
    """
    made = exception.DatabaseUnavailable(
        "The database cannot be reached; nothing was changed. Try again later",
        retry_after=5,
    )
    made.reason = _sentence(error, address)
    made.public = _public(error, address)
    return made


def is_bad(address: str | None) -> bool:
    """Tell whether an address is none that SQLAlchemy could read."""
    try:
        return not address or "@" in (sa_engine.make_url(address).host or "")
    except (sa_exc.ArgumentError, ValueError):
        return True


def _sentence(error: BaseException, address: str | None) -> str:
    """Give the driver's own words in one line, for the log."""
    return _advice(error, address) or _words(error).replace(
        _password(address), "***"
    )


def _public(error: BaseException, address: str | None) -> str:
    """Give the same without names of hosts, accounts and databases."""
    if advice := _advice(error, address):
        return advice
    return _QUOTED.sub("…", _PLACE.sub("", _sentence(error, address))).strip()


def _advice(error: BaseException, address: str | None) -> str | None:
    """Say what to do where nothing was asked, or that is clearer."""
    if isinstance(error, ImportError):
        module = (error.name or "").partition(".")[0]
        package = _PACKAGES.get(module, module)
        return (
            f"the driver that [database] connection names is not installed "
            f"({error}): pip install {package}"
        )
    if isinstance(error, OSError):
        return (
            "a file that [database] connection names cannot be read, or TLS "
            f"cannot be set up: {error.strerror or error}"
        )
    if errors.lacks_driver_part(error):
        return (
            "the account's way to log in needs another package: "
            "pip install cryptography"
        )
    if errors.lacks_tables(error):
        return (
            "its tables are missing, or older than this release: run "
            "'reposync-manage db sync'"
        )
    if isinstance(error, db_exception.CantStartEngineError) or not address:
        return "[database] connection is not set"
    if isinstance(error, sa_exc.NoSuchModuleError) or _url(address) is None:
        return (
            "[database] connection is no address of a database that "
            "SQLAlchemy knows, such as postgresql+psycopg2://USER:PASSWORD"
            "@HOST/reposync"
        )
    if is_bad(address):
        return (
            "the password in [database] connection has a character that an "
            "address cannot have: write @ as %40, / as %2F, % as %25"
        )
    return None


def _words(error: BaseException) -> str:
    driver = errors.driver_error(error)
    if isinstance(error, sa_exc.TimeoutError):
        return (
            "all connections of [database] max_pool_size and max_overflow "
            "are in use"
        )
    if driver is None:
        return type(error).__name__
    parts = [part for part in driver.args if isinstance(part, str)]
    text = texts.line(" ".join(parts)) or type(driver).__name__
    code = errors.code_of(driver)
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return f"{text} ({code})" if code else text


def _url(address: str) -> sa_engine.URL | None:
    try:
        return sa_engine.make_url(address)
    except (sa_exc.ArgumentError, ValueError):
        return None


def _password(address: str | None) -> str:
    """Give what must not be shown; something that never occurs if none."""
    found = _url(address) if address else None
    password = str(found.password or "") if found else ""
    return password if len(password) >= _SHORTEST else "\0"
