# SPDX-License-Identifier: Apache-2.0
"""Whether what is sent to an address leaves this host."""

import ipaddress
import urllib.parse


def is_near(host: str | None) -> bool:
    """Tell whether a host is this one, or none is named.

    A path is the socket of a server on this host.
    """
    name = (host or "").strip("[]").rstrip(".").lower()
    if not name or name.startswith(("/", "@")):
        return True
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_plain(url: str | None) -> bool:
    """Tell whether an address is ``http://`` on another host."""
    if not url:
        return False
    try:
        parts = urllib.parse.urlsplit(url)
        return parts.scheme == "http" and not is_near(parts.hostname)
    except ValueError:
        return False
