# SPDX-License-Identifier: Apache-2.0
"""Limits how long a request may take to come in.

cheroot limits the silence between two bytes.  A caller that sends one now and
then would hold a thread for as long as it likes.
"""

import socket
import time
from typing import Any

from cheroot import makefile
from cheroot import server

#: The module that cheroot's readers are made of.
_io: Any = vars(makefile)["io"]


class _Socket(socket.SocketIO):
    """The reading end of a connection, which closes when time is up."""

    _sock: Any

    def __init__(self, sock: Any, silence: float):
        super().__init__(sock, "rb")
        self._silence = silence
        self._deadline = float("inf")
        self.late = False

    def begin(self, seconds: float) -> None:
        """Give the next request its time."""
        self._deadline = time.monotonic() + seconds

    def readinto(self, buffer: Any) -> int | None:
        """Read, not longer than there is time; nothing comes after that.

        :raises TimeoutError: time is up
        """
        if self.late:
            return 0
        left = self._deadline - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError("timed out")
            self._sock.settimeout(min(self._silence, left))
            return super().readinto(buffer)
        except TimeoutError:
            self.late = True
            raise
        finally:
            # For what is written.
            self._sock.settimeout(self._silence)


class _Reader(makefile.StreamReader):
    """cheroot's reader over such a socket."""

    def __init__(self, sock: Any, size: int, silence: float):
        self.socket = _Socket(sock, silence)
        _io.BufferedReader.__init__(self, self.socket, size)
        self.bytes_read = 0


class Connection(server.HTTPConnection):
    """A connection whose requests must come in within some time.

    :cvar seconds: how long each may take, headers and body
    """

    seconds = 60.0

    def __init__(self, *args: Any, **kwargs: Any):
        """See `cheroot.server.HTTPConnection`."""
        super().__init__(*args, **kwargs)
        self.rfile = _Reader(
            self.socket, self.rbufsize, float(self.server.timeout)
        )

    def communicate(self) -> bool:
        """Handle one request; False if the connection must be closed."""
        self.rfile.socket.begin(self.seconds)
        go_on = super().communicate()
        return bool(go_on) and not self.rfile.socket.late


def connection(seconds: float) -> type[Connection]:
    """Make the class of connections for a server.

    :param seconds: in which a request must have come in
    """
    return type("Connection", (Connection,), {"seconds": seconds})
