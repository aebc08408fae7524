# SPDX-License-Identifier: Apache-2.0
"""The connections to registries, where HTTP meets what servers make of it.

* An answer's head has a deadline as a whole.
* Interim answers such as ``103 Early Hints`` are skipped (RFC 9110, section
  15.2); the standard library knows 100 alone.
* A connection that the server closed just when it was used once more is no
  failure: the request is sent again at once (RFC 9112, section 9.3.1).
* What is connected to is an address that the exchange may lead to; so is
  what a connection is connected to that was kept (`registry_egress`).
"""

import functools
import http.client
import socket
import threading
import time
from typing import Any

import urllib3
import urllib3.util.connection

from reposync.sources.registry.transport import watchdog
from reposync.sources.registry.transport.egress import rules as egress

_SWITCHING = 101
#: Seconds that each address gets, if there is time.
_LEAST = 2.0
#: The methods that may be sent again without asking.
_IDEMPOTENT = ("GET", "HEAD")


class _Current(threading.local):
    """The request that a thread is at.

    :ivar trail: of its exchange; None through a proxy, which connects by
        itself
    :ivar peer: the address it was sent to
    """

    trail: egress.Trail | None = None
    peer: str = ""


_current = _Current()


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
    port: int
    sock: Any
    socket_options: Any
    timeout: Any
    _peer = ""
    _served = 0

    def _new_conn(self) -> Any:
        trail = _current.trail
        if trail is None:
            return super()._new_conn()  # type: ignore[misc]
        try:
            return self._connect(trail.choose(self.host, self.port))
        except socket.gaierror as error:
            raise urllib3.exceptions.NameResolutionError(
                self.host,
                self,  # type: ignore[arg-type]
                error,
            ) from error
        except TimeoutError as error:
            raise urllib3.exceptions.ConnectTimeoutError(
                self, f"Connection to {self.host} timed out"
            ) from error
        except OSError as error:
            raise urllib3.exceptions.NewConnectionError(
                self,  # type: ignore[arg-type]
                f"Failed to establish a new connection: {error}",
            ) from error

    def _connect(self, found: list[str]) -> socket.socket:
        """Connect to the first of some addresses that answers.

        They share the time: a name may have thousands.
        """
        problem: OSError = OSError("it has no address")
        until = time.monotonic() + self.timeout
        for position, address in enumerate(found):
            rest = until - time.monotonic()
            if position and rest <= 0:
                break
            seconds = max(rest / (len(found) - position), _LEAST)
            try:
                # An address is not resolved once more.
                sock = urllib3.util.connection.create_connection(
                    (address, self.port),
                    min(seconds, self.timeout),
                    socket_options=self.socket_options,
                )
            except OSError as error:
                problem = error
                continue
            sock.settimeout(self.timeout)
            self._peer = address
            return sock
        raise problem

    def request(self, *args: Any, **kwargs: Any) -> None:
        trail, peer = _current.trail, self._peer
        if trail and peer and not trail.may(self.host, self.port, peer):
            # Opened for somebody else; the host may have other addresses.
            self.close()
        served = self._served
        try:
            super().request(*args, **kwargs)  # type: ignore[misc]
        except ConnectionError as error:
            if served:
                raise _Stale(str(error)) from error
            raise
        _current.peer = self._peer

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
        self._peer = ""
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
    manager: urllib3.PoolManager,
    trail: egress.Trail | None,
    method: str,
    url: str,
    **options: Any,
) -> urllib3.BaseHTTPResponse:
    """Send a request on a connection that the other side has not closed.

    :param trail: the exchange that it is a part of, None through a proxy
    :raises Refused: the exchange may not lead there
    :raises HTTPError: see urllib3
    """
    _current.trail, _current.peer = trail, ""
    try:
        answer = _insist(manager, method, url, options)
    finally:
        _current.trail = None
    if trail is not None:
        trail.arrived_at(_current.peer)
    return answer


def _insist(
    manager: urllib3.PoolManager,
    method: str,
    url: str,
    options: dict[str, Any],
) -> urllib3.BaseHTTPResponse:
    while True:
        try:
            return manager.request(method, url, **options)
        except urllib3.exceptions.ProtocolError as error:
            # Ends with a new connection: each try uses up one that was kept.
            stale = any(isinstance(each, _Stale) for each in error.args)
            if not stale or method not in _IDEMPOTENT:
                raise
