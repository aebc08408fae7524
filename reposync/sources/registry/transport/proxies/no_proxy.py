# SPDX-License-Identifier: Apache-2.0
"""Reads ``NO_PROXY``."""

import ipaddress
import re

from oslo_log import log

LOG = log.getLogger(__name__)

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: A port behind a name, an IPv4 address, or an IPv6 address in brackets.
_PORT = re.compile(r"([^:]+|\[.*\]):([0-9]{1,5})")


class NoProxy:
    """The hosts of ``NO_PROXY``.

    :param text: hosts, suffixes, addresses, networks, each with or without a
        port, or ``*``; with commas or blanks in between
    """

    def __init__(self, text: str):
        """Read the list; entries that mean nothing are left out."""
        self._all = False
        self._networks: list[tuple[_Network, int | None]] = []
        self._names: list[tuple[str, bool, int | None]] = []
        for entry in re.split(r"[\s,]+", text.lower()):
            self._add(entry)

    def covers(self, host: str, port: int) -> bool:
        """Tell whether connections to a host are made without a proxy."""
        name = host.lower().rstrip(".")
        address = _address(name)
        if name == "localhost" or (address and address.is_loopback):
            return True
        if self._all:
            return True
        if address is not None:
            return any(
                address in network and wanted in (None, port)
                for network, wanted in self._networks
            )
        return any(
            (name.endswith(f".{suffix}") or (itself and name == suffix))
            and wanted in (None, port)
            for suffix, itself, wanted in self._names
        )

    def _add(self, entry: str) -> None:
        if not entry:
            return
        if entry == "*":
            self._all = True
            return
        found = _PORT.fullmatch(entry)
        host = found[1] if found else entry
        port = int(found[2]) if found else None
        network = _network(host)
        if network is not None:
            self._networks.append((network, port))
            return
        below = host.startswith("*.")
        suffix = host.removeprefix("*.").strip(".")
        if not re.fullmatch(r"[\w.-]+", suffix):
            LOG.warning("NO_PROXY: %r is no host and no network", entry[:80])
            return
        # "*.corp" is what is below corp, ".corp" and "corp" are both.
        self._names.append((suffix, not below, port))


def _network(text: str) -> _Network | None:
    try:
        return ipaddress.ip_network(re.sub(r"[][]", "", text), strict=False)
    except ValueError:
        return None


def _address(text: str) -> _Address | None:
    try:
        found = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found
