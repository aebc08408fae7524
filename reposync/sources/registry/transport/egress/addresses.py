# SPDX-License-Identifier: Apache-2.0
"""What kind of address something is at.

The library's `is_global` follows IANA's registries of special addresses
(https://www.iana.org/assignments/iana-ipv4-special-registry/ and
https://www.iana.org/assignments/iana-ipv6-special-registry/), each release of
Python those of its time.  What it leaves open is closed here: multicast, the
shared addresses of carriers, IPv6 outside what is given out at all, and
addresses with an IPv4 address inside, which lead to that.
"""

from collections.abc import Iterator
import contextlib
import enum
import functools
import ipaddress
import socket
import unicodedata

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Kind(enum.IntEnum):
    """Who is at an address; the greater, the fewer may lead there."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    LINK_LOCAL = 3

    def __str__(self) -> str:
        """Give it in words."""
        return _WORDS[self]


_WORDS = {
    Kind.PUBLIC: "a public address",
    Kind.PRIVATE: "a private address",
    Kind.LOOPBACK: "a loopback address",
    Kind.LINK_LOCAL: "a link-local address, or one of a cloud's metadata",
}

#: Where nobody outside can be: no address of the Internet leads there.
_INSIDE = tuple(
    map(
        ipaddress.ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
            *("100.64.0.0/10", "198.18.0.0/15", "240.0.0.0/4"),
            *("fc00::/7", "fec0::/10"),
        ),
    )
)
#: Only these are given out (RFC 4291, section 2.4).
_UNICAST = ipaddress.IPv6Network("2000::/3")
#: Special, but not in each release of the library.
_SPECIAL = (
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),
    ipaddress.IPv6Network("2001::/23"),
    ipaddress.IPv6Network("2002::/16"),
    ipaddress.IPv6Network("3fff::/20"),
)
#: "This host": Linux connects to itself.
_THIS_HOST = ipaddress.IPv4Network("0.0.0.0/8")
#: RFC 6052 (what DNS64 makes of public addresses), RFC 8215.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_OWN = ipaddress.IPv6Network("64:ff9b:1::/48")
#: ``::a.b.c.d`` (RFC 4291, section 2.5.5.1, out of use).
_COMPATIBLE = ipaddress.IPv6Network("::/96")
#: The second half of addresses of ISATAP (RFC 5214, section 6.1).
_ISATAP = (0x00005EFE, 0x02005EFE)
#: What clouds tell their own machines, where that is not link-local: Azure,
#: Alibaba, Oracle (2), AWS (2), Google, Scaleway.
_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        (
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "fd00:c1::a9fe:a9fe",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "fd00:42::42",
        ),
    )
)

_LOCALHOST = ("localhost", "localhost.localdomain", "localhost6")
_METADATA_NAMES = ("metadata", "metadata.google.internal", "instance-data")
#: Of no public zone: RFC 6761, RFC 6762 (and its appendix G), RFC 8375,
#: ICANN for ``internal``, and what Kubernetes uses.
_INNER = (
    *("internal", "local", "home.arpa", "intranet", "private", "corp"),
    *("home", "lan", "localdomain", "svc", "test"),
)


@functools.lru_cache(maxsize=4096)
def kind(text: str) -> Kind:
    """Tell the kind of an address.

    :param text: as the system writes it; what is no address is trusted least
    """
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return Kind.LINK_LOCAL
    return _kind(found)


def is_inside(text: str) -> bool:
    """Tell whether an address is one that nobody outside can have.

    Some that count as private belong to whoever has chosen them: the form of
    6to4, Teredo and ISATAP is no proof of a place.

    :param text: as the system writes it
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = _standing_for(address) or address
    return any(address in network for network in _INSIDE)


def kind_of_name(host: str) -> Kind:
    """Tell the kind of a host by its name alone, whatever it resolves to.

    For what somebody else resolves, such as a proxy.
    """
    same = unicodedata.normalize("NFKC", host).replace("\u3002", ".")
    name = plain(same)
    # Also ``127.1``, ``0x7f000001`` and ``2130706433``.
    with contextlib.suppress(OSError, ValueError):
        return kind(socket.inet_ntoa(socket.inet_aton(name)))
    if ":" in name:
        return kind(name)
    if name in _METADATA_NAMES:
        return Kind.LINK_LOCAL
    labels = name.split(".")
    if name in _LOCALHOST or labels[-1] == "localhost":
        return Kind.LOOPBACK
    inner = any(f".{name}".endswith(f".{zone}") for zone in _INNER)
    return Kind.PRIVATE if inner or len(labels) == 1 else Kind.PUBLIC


def plain(host: str) -> str:
    """Give the name of a host as it is compared: without brackets."""
    name = host.strip("[]").rstrip(".").lower()
    return name.partition("%")[0] if ":" in name else name


def _kind(address: Address) -> Kind:
    if address in _METADATA or address.is_link_local or address.is_multicast:
        return Kind.LINK_LOCAL
    if isinstance(address, ipaddress.IPv4Address):
        return _kind4(address)
    if address.is_loopback or address.is_unspecified:
        return Kind.LOOPBACK
    if (meant := _standing_for(address)) is not None:
        return _kind(meant)
    inside = max(map(_kind, _carried(address)), default=Kind.PUBLIC)
    special = any(address in network for network in _SPECIAL)
    if special or address not in _UNICAST or not address.is_global:
        return max(inside, Kind.PRIVATE)
    return inside


def _kind4(address: ipaddress.IPv4Address) -> Kind:
    if address.is_loopback or address in _THIS_HOST:
        return Kind.LOOPBACK
    special = any(address in network for network in _SPECIAL)
    if special or not address.is_global:
        return Kind.PRIVATE
    return Kind.PUBLIC


def _standing_for(
    address: ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | None:
    """Give the IPv4 address that this is another form of, if it is one."""
    if address in _NAT64:
        return _last(address)
    return address.ipv4_mapped


def _carried(
    address: ipaddress.IPv6Address,
) -> Iterator[ipaddress.IPv4Address]:
    """List the IPv4 addresses that an address may be a way to."""
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    own = address in _NAT64_OWN or address in _COMPATIBLE
    if own or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        yield _last(address)


def _last(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
