# SPDX-License-Identifier: Apache-2.0
"""Opens the socket that callers connect to."""

import errno
import socket
from typing import Any

_HINTS = {
    errno.EACCES: "ports below 1024 need a right that this account lacks",
    errno.EADDRINUSE: "another program has it, perhaps another reposync; "
    "'ss -ltnp' shows which",
    errno.EADDRNOTAVAIL: "this host has no such address",
}


class CannotListen(Exception):
    """Nothing can listen there; the text says which options to mend."""


def listen(options: Any) -> socket.socket:
    """Listen at the first address that works.

    With several workers the kernel divides connections among their sockets.

    :param options: those of ``[api]``
    :raises CannotListen: there is none
    """
    host, port = options.bind_host, options.bind_port
    problem: OSError | None = None
    try:
        found = socket.getaddrinfo(
            host or None,
            port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE,
        )
    except OSError as error:
        found, problem = [], error
    for family, _, _, _, address in found:
        try:
            return socket.create_server(
                address,
                family=family,
                reuse_port=options.workers > 1,
                dualstack_ipv6=address[0] == "::",
            )
        except OSError as error:
            problem = error
    # create_server says the address once more.
    why = str(problem.strerror).partition(" (")[0] if problem else None
    hint = _HINTS.get(problem.errno or 0) if problem else None
    raise CannotListen(
        f"[api] bind_host = {host}, bind_port = {port}: nothing can listen "
        f"there: {'; '.join(filter(None, (why, hint)))}"
    )
