# SPDX-License-Identifier: Apache-2.0
"""Tells Docker Hub how the work on its webhook ended.

The body of a webhook has a ``callback_url``, to which a JSON object with
``state`` (``success``, ``failure`` or ``error``), ``description`` (255
characters), ``context`` (100) and ``target_url`` is posted, as
https://github.com/docker/docs/blob/v17.03/docker-hub/webhooks.md describes;
newer pages of the documentation leave it out.

Whoever knows the webhook's secret chooses the address, so only hosts on the
operator's list are called, over TLS alone.  Plain ``http.client`` is used for
what it does not do: it follows no redirect, looks at no proxy, at no
environment and at no file of passwords.
"""

from collections.abc import Iterable
from collections.abc import Mapping
import contextlib
import http.client
import json
import socket
import ssl
import threading
import urllib.parse

#: The longest address that is kept.
LONGEST = 1024
#: Seconds for each step, and for all of them.
_STEP = 10.0
_WHOLE = 30.0
_PORT = 443


class CallFailed(Exception):
    """The call did not come through, or was refused."""


def allowed(url: str | None, hosts: Iterable[str]) -> bool:
    """Tell whether an address may be called: TLS, and a host of the list."""
    if url is None or len(url) > LONGEST or not url.isprintable():
        return False
    if not url.isascii() or " " in url or "\\" in url:
        return False
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port or _PORT
    except ValueError:
        return False
    if parts.scheme != "https" or "@" in parts.netloc or not parts.hostname:
        return False
    names = {f"{parts.hostname}:{port}"}
    if port == _PORT:
        names.add(parts.hostname)
    return not names.isdisjoint(host.strip().lower() for host in hosts)


def post(
    url: str,
    content: Mapping[str, str],
    context: ssl.SSLContext,
    seconds: float = _WHOLE,
) -> None:
    """Send an object to an address that is allowed.

    :param context: says which certificates are trusted
    :param seconds: when it must be over, whatever the other side does
    :raises CallFailed: it was not taken; the text tells no part of the
        address but the host
    """
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    connection = http.client.HTTPSConnection(
        host, parts.port or _PORT, timeout=min(_STEP, seconds), context=context
    )
    target = urllib.parse.urlunsplit(
        ("", "", parts.path or "/", parts.query, "")
    )
    late = threading.Event()
    timer = threading.Timer(seconds, _cut, [connection, late])
    timer.start()
    try:
        connection.request(
            "POST",
            target,
            json.dumps(content),
            {"Content-Type": "application/json", "User-Agent": "reposync"},
        )
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CallFailed(f"{host}: {type(error).__name__}") from error
    finally:
        timer.cancel()
        connection.close()
    if late.is_set():
        raise CallFailed(f"{host} took longer than {seconds} s")
    if not 200 <= status < 300:
        raise CallFailed(f"{host} answered {status}")


def _cut(
    connection: http.client.HTTPSConnection, late: threading.Event
) -> None:
    """End a call that takes too long; its end may look like a good one."""
    late.set()
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)
