# SPDX-License-Identifier: Apache-2.0
"""Lists of hosts, as the options have them."""

from collections.abc import Sequence
import functools
import ipaddress
import re

from reposync.sources.registry.transport.egress import addresses

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
#: A port behind a name, an IPv4 address, or an IPv6 address in brackets.
_PORT = re.compile(r"([^:]+|\[.*\]):([0-9]{1,5})")


class Listed:
    """Hosts: a name, ``*.domain``, an address or network, each with a port.

    :param entries: of an option; those that mean nothing match nothing
    """

    def __init__(self, entries: Sequence[str]):
        """Read the list."""
        self._networks: list[tuple[_Network, int | None]] = []
        self._names: list[tuple[str, int | None]] = []
        for entry in entries:
            self._add(entry.strip())

    def has(self, host: str, port: int | None, address: str = "") -> bool:
        """Tell whether a host is listed.

        :param port: None if it is the usual one
        :param address: it is connected to at, for networks; without it they
            are compared with a host that is an address itself
        """
        name = addresses.plain(host)
        if any(
            wanted in (None, port) and _matches(name, pattern)
            for pattern, wanted in self._names
        ):
            return True
        try:
            found = ipaddress.ip_address(addresses.plain(address or host))
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None) or found
        return any(
            mapped in network and wanted in (None, port)
            for network, wanted in self._networks
        )

    def _add(self, entry: str) -> None:
        found = _PORT.fullmatch(entry)
        host = found[1] if found else entry
        port = int(found[2]) if found else None
        try:
            network = ipaddress.ip_network(host.strip("[]"), strict=False)
        except ValueError:
            self._names.append((addresses.plain(host), port))
        else:
            self._networks.append((network, port))


@functools.lru_cache(maxsize=64)
def read(entries: tuple[str, ...]) -> Listed:
    """Read the value of an option."""
    return Listed(entries)


def _matches(name: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return name.endswith(pattern[1:])
    return bool(name) and name == pattern
