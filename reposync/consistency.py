# SPDX-License-Identifier: Apache-2.0
"""What a configuration must not say, told before anything is started."""

from collections.abc import Iterator
from collections.abc import Sequence
import getpass
from importlib import metadata
import os
from pathlib import Path
import re

from oslo_config import cfg
from oslo_db import options as db_options

from reposync import broker
from reposync import conf as reposync_conf
from reposync.db.connection import session

_PROJECT = "reposync"
#: Where oslo.config looks, in this order.
_DIRECTORIES = (f"~/.{_PROJECT}", "~", f"/etc/{_PROJECT}", "/etc")
#: oslo.config shows this in an object's own words.
_LOCATION = re.compile(r"LocationInfo\(.*?detail='([^']+)'\)")
_RABBIT = "oslo_messaging_rabbit"


_CONNECTION = next(
    each for each in db_options.database_opts if each.dest == "connection"
)
#: What oslo.config raises for a value that refers to an option.
REFERS = (
    cfg.NoSuchGroupError,
    cfg.NoSuchOptError,
    cfg.TemplateSubstitutionError,
)
DOLLAR = (
    "a $ in it is read as the name of another option, which there is not: "
    "write $$"
)


class BadConfiguration(Exception):
    """The configuration cannot be read, or contradicts itself."""


def check_files(
    argv: Sequence[str],
    program: str,
    directories: Sequence[str] = _DIRECTORIES,
) -> None:
    """Refuse files that would be skipped because they cannot be read.

    oslo.config takes one that this account may not see for one that does not
    exist, and goes on with defaults.

    :param program: the name of the program, which may have a file of its own
    :raises BadConfiguration: there is such a file
    """
    if any(each.startswith("--config-") for each in argv):
        return
    for name in (_PROJECT, program):
        for suffix in (".conf", ".conf.d"):
            _check_first(f"{name}{suffix}", directories)


def check(conf: cfg.ConfigOpts) -> None:
    """Refuse what cannot be meant.

    :raises BadConfiguration: with the option, and what is wrong with it
    """
    for group, options in reposync_conf.list_opts():
        for option in options:
            if option.dest in conf[group.name]:
                _read(conf, group.name, option)
    _read(conf, "database", _CONNECTION)
    try:
        broker.parse(conf)
    except REFERS as error:
        raise BadConfiguration(f"transport_url: {DOLLAR}") from error
    except (cfg.Error, ValueError) as error:
        raise BadConfiguration(" ".join(str(error).split())) from error
    check_pairs(conf)


def _read(conf: cfg.ConfigOpts, group: str, option: cfg.Opt) -> None:
    try:
        conf[group][option.dest]
    except (cfg.Error, ValueError) as error:
        text = " ".join(str(error).split())
        if isinstance(error, REFERS):
            # Its text has a part of what may be a password.
            text = DOLLAR
        _, _, why = text.rpartition(" is not valid: ")
        found = _LOCATION.search(text)
        place = f" (in {found[1]})" if found else ""
        raise BadConfiguration(
            f"[{group}] {option.name}: {why or text}{place}"
        ) from error


def check_pairs(conf: cfg.ConfigOpts) -> None:
    """Refuse options that contradict each other.

    :raises BadConfiguration: with their names
    """
    for problem in _contradictions(conf):
        raise BadConfiguration(problem)


def without_effect(conf: cfg.ConfigOpts) -> Iterator[str]:
    """List what is set and does nothing, with the reason."""
    for section in conf.list_all_sections():
        kind, colon, name = section.partition(":")
        if kind == "receiver" and colon and name not in conf.notify.receivers:
            yield (
                f"[{section}] has no effect: [notify] receivers does not "
                "name it"
            )
    for option in db_options.database_opts:
        if option.dest not in session.ENGINE_OPTIONS and _is_set(
            conf, option.dest, "database"
        ):
            reason = _DATABASE.get(option.dest, _RETRIES)
            yield f"[database] {option.dest} has no effect: {reason}"
    tls = ("ssl_ca_file", "ssl_cert_file", "ssl_key_file")
    if not conf[_RABBIT].ssl:
        for name in tls:
            if conf[_RABBIT][name]:
                yield f"[{_RABBIT}] {name} has no effect without ssl = true"


_READS = "all is read where it is written, or an operation would begin twice"
_RETRIES = (
    "requests wait some seconds for the database, and conductors for as long "
    "as their leases last"
)
_DATABASE = {
    "asyncio_connection": "only connection is used",
    "asyncio_slave_connection": _READS,
    "backend": "there is only one",
    "slave_connection": _READS,
    "synchronous_reader": _READS,
}


def _contradictions(conf: cfg.ConfigOpts) -> Iterator[str]:
    options = conf.conductor
    for name, group in (("source", "sources"), ("driver", "drivers")):
        there = metadata.entry_points(group=f"reposync.{group}").names
        if options[name] not in there:
            yield (
                f"[conductor] {name} = {options[name]} is not installed; "
                f"there are {', '.join(sorted(there))}"
            )
    if options.heartbeat * 2 > options.lease:
        yield (
            f"[conductor] heartbeat ({options.heartbeat} s) must be at most "
            f"half of lease ({options.lease} s), and better a ninth: else "
            "conductors lose operations that they work on"
        )
    api = conf.api
    if bool(api.tls_cert_file) != bool(api.tls_key_file):
        yield "[api] tls_cert_file and tls_key_file belong together: set both"
    if api.tls_ca_file and not api.tls_cert_file:
        yield (
            "[api] tls_ca_file asks callers for certificates, which needs "
            "tls_cert_file and tls_key_file"
        )


def _check_first(name: str, directories: Sequence[str]) -> None:
    """Look at the file of a name that would be read, if there is any."""
    for directory in directories:
        path = Path(directory).expanduser() / name
        try:
            path.stat()
        except PermissionError:
            # A home that is not this account's own has nothing for it.
            if directory.startswith("~"):
                continue
            raise _unreadable(path) from None
        except OSError:
            continue
        if not os.access(path, os.R_OK):
            raise _unreadable(path)
        return


def _unreadable(path: Path) -> BadConfiguration:
    return BadConfiguration(
        f"{path} cannot be read by {_account()}. Run it as the account of "
        f"the service (sudo -u {_PROJECT} ...), or name another file with "
        "--config-file"
    )


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _is_set(conf: cfg.ConfigOpts, name: str, group: str) -> bool:
    found = conf.get_location(name, group)
    return found is not None and found.location.is_user_controlled
