# SPDX-License-Identifier: Apache-2.0
"""The connections to registries, where HTTP meets what servers make of it.

* An answer's head has a deadline as a whole.
* Interim answers such as ``103 Early Hints`` are skipped (RFC 9110, section
  15.2); the standard library knows 100 alone.
* A connection that the server closed just when it was used once more is no
  failure: the request is sent again at once (RFC 9112, section 9.3.1).
"""

import functools
import http.client
import socket
from typing import Any

import urllib3

from reposync.sources import watchdog

_SWITCHING = 101
#: The methods that may be sent again without asking.
_IDEMPOTENT = ("GET", "HEAD")


class _Stale(ConnectionError):
    """A connection that had served before was closed by the other side."""


class _Response(http.client.HTTPResponse):
    """An answer behind any number of interim ones."""

    def begin(self) -> None:
        super().begin()
        while 100 <= self.status < 200 and self.status != _SWITCHING:
            # This is what lets the base class read the next head.
            self.headers = None  # type: ignore[assignment]
            super().begin()


class _Kept:
    """What both kinds of connections add to urllib3's."""

    response_class: type[http.client.HTTPResponse] = _Response
    host: str
    sock: Any
    timeout: Any
    _served = 0

    def request(self, *args: Any, **kwargs: Any) -> None:
        served = self._served
        try:
            super().request(*args, **kwargs)  # type: ignore[misc]
        except ConnectionError as error:
            if served:
                raise _Stale(str(error)) from error
            raise

    def getresponse(self) -> Any:
        served, sock, seconds = self._served, self.sock, self.timeout
        try:
            with watchdog.DOG.limit(
                self.host, lambda: sock.shutdown(socket.SHUT_RD), seconds
            ):
                answer = super().getresponse()  # type: ignore[misc]
        except ConnectionError as error:
            if served:
                raise _Stale(str(error)) from error
            raise
        self._served += 1
        return answer

    def close(self) -> None:
        self._served = 0
        super().close()  # type: ignore[misc]


def watch(manager: urllib3.PoolManager) -> None:
    """Let a manager make connections of this kind, through proxies, too."""
    manager.pool_classes_by_scheme = {
        scheme: _kept(pool)
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }


@functools.cache
def _kept(pool: Any) -> Any:
    """Make a kind of pools of another one, such as those of SOCKS proxies."""
    connection = type("_Connection", (_Kept, pool.ConnectionCls), {})
    return type("_Pool", (pool,), {"ConnectionCls": connection})


def send(
    manager: urllib3.PoolManager, method: str, url: str, **options: Any
) -> urllib3.BaseHTTPResponse:
    """Send a request on a connection that the other side has not closed.

    :raises HTTPError: see urllib3
    """
    while True:
        try:
            return manager.request(method, url, **options)
        except urllib3.exceptions.ProtocolError as error:
            # Ends with a new connection: each try uses up one that was kept.
            stale = any(isinstance(each, _Stale) for each in error.args)
            if not stale or method not in _IDEMPOTENT:
                raise
