# SPDX-License-Identifier: Apache-2.0
"""Proxies, as the environment names them.

``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` are read as
curl (https://everything.curl.dev/usingcurl/proxies/env.html) and programs in
Go (https://pkg.go.dev/golang.org/x/net/http/httpproxy) read them.  Where the
two differ: lower case comes first (curl), ``.example.org`` excludes
``example.org`` as well (curl), networks and ``host:port`` are understood
(Go), and loopback addresses never go through a proxy (Go).
"""

from collections.abc import Mapping
import dataclasses
import re
import urllib.parse

from reposync import exception
from reposync.sources.registry.transport.proxies import no_proxy

_PORTS = {
    "http": 80,
    "https": 443,
    "socks4": 1080,
    "socks4a": 1080,
    "socks5": 1080,
    "socks5h": 1080,
}
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+(?:%\w+)?")
#: Ports that ``host:port`` in NO_PROXY means where an address names none.
_TARGET_PORTS = {"http": 80, "https": 443}


@dataclasses.dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy.

    :ivar variable: where it is named, for messages
    :ivar address: scheme, host and port, without its account
    """

    variable: str
    scheme: str
    address: str
    user: str | None = None
    password: str = dataclasses.field(default="", repr=False)

    def __str__(self) -> str:
        """Give it for messages, without its account."""
        return f"{self.address} of {self.variable}"


class Proxies:
    """Chooses the proxy for an address.

    :param environ: the environment
    """

    def __init__(self, environ: Mapping[str, str]):
        """Read what goes through no proxy; the rest is read when needed."""
        self._environ = environ
        _, text = self._value("no_proxy")
        self._direct = no_proxy.NoProxy(text)

    def choose(self, url: str) -> Proxy | None:
        """Give the proxy for an address, None for a direct connection.

        :raises SourceError: the variable that names it cannot be used
        """
        parts = urllib.parse.urlsplit(url)
        variable, value = self._value(f"{parts.scheme}_proxy")
        if not value:
            variable, value = self._value("all_proxy")
        host = parts.hostname or ""
        port = parts.port or _TARGET_PORTS.get(parts.scheme, 0)
        if not value or self._direct.covers(host, port):
            return None
        return parse(variable, value)

    def _value(self, name: str) -> tuple[str, str]:
        for variable in (name, name.upper()):
            value = self._environ.get(variable, "").strip()
            if value:
                return variable, value
        return name.upper(), ""


def parse(variable: str, value: str) -> Proxy:
    """Read the value of a variable.

    :raises SourceError: it names no proxy; the text does not show it, since
        it may hold a password
    """
    if "://" not in value:
        value = f"http://{value}"
    try:
        scheme, rest = value.split("://", 1)
        authority, *path = re.split(r"[/?#]", rest, maxsplit=1)
        account, at, _ = authority.rpartition("@")
        parts = urllib.parse.urlsplit(f"//{authority}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _unusable(variable, "host and port cannot be read") from None
    scheme = scheme.lower()
    if scheme not in _PORTS:
        raise _unusable(variable, f"its scheme is none of {', '.join(_PORTS)}")
    # http:/proxy is a slip, and no proxy that is called http.
    slip = re.match(r"\w+:/\b", rest)
    if slip or not _HOST.fullmatch(host) or port == 0 or "@" in "".join(path):
        raise _unusable(variable, "it names no host")
    host = f"[{host}]" if ":" in host else host
    user, _, password = account.partition(":")
    return Proxy(
        variable,
        scheme,
        f"{scheme}://{host}:{port or _PORTS[scheme]}",
        urllib.parse.unquote(user) if at else None,
        urllib.parse.unquote(password),
    )


def _unusable(variable: str, why: str) -> exception.SourceError:
    return exception.SourceError(
        f"The environment variable {variable} names no proxy that can be "
        f"used: {why}. Expected [http://][user:password@]host[:port], with "
        "special characters of the password percent-encoded"
    )
