# SPDX-License-Identifier: Apache-2.0
"""What the address of the database says, but for its password."""

from collections.abc import Mapping
import dataclasses
import urllib.parse

from sqlalchemy import engine
from sqlalchemy import exc


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """Where the database is.

    :ivar kind: ``postgresql``, ``mysql``, ``mariadb``, ``sqlite`` ...
    :ivar hosts: none for a server that is reached through a socket
    :ivar path: the file of SQLite, or the name of the database
    :ivar parameters: what comes after the ``?``, for the driver
    :ivar password: None if there is none
    """

    kind: str
    hosts: tuple[str, ...]
    path: str | None
    parameters: Mapping[str, str]
    password: str | None = dataclasses.field(repr=False)


def read(connection: str | None, parameters: str = "") -> Address | None:
    """Read an address; None if it is none, or there is none.

    :param connection: ``[database] connection``
    :param parameters: ``[database] connection_parameters``
    """
    if not connection:
        return None
    try:
        url = engine.make_url(connection)
    except (exc.ArgumentError, ValueError):
        return None
    found = dict(urllib.parse.parse_qsl(parameters))
    hosts = [url.host] if url.host else []
    for name, value in url.query.items():
        values = [value] if isinstance(value, str) else list(value)
        found[name] = values[-1]
        if name == "host":
            # Servers in reserve, each perhaps with a port.
            hosts += [each.partition(":")[0] for each in values]
    return Address(
        url.get_backend_name(), tuple(hosts), url.database, found, url.password
    )
