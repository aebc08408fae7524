# SPDX-License-Identifier: Apache-2.0
"""Which addresses a registry may make the service connect to.

A registry says in redirects and challenges where else to ask.  One on the
Internet has no business inside: what it leads to has to be at a public
address, too, or on the operator's list.  One at a private address may lead to
others of its kind.  Nobody but a loopback registry leads to a loopback
address, and nobody at all to link-local ones, where clouds keep the secrets
of their machines.

What counts is the address that is connected to: a name is resolved once, and
what it may not lead to is not connected to.  A second answer of the DNS
changes nothing then.
"""

import contextlib
import ipaddress
import socket

from oslo_config import cfg
import urllib3.util.connection

from reposync import exception
from reposync.sources.registry.transport.egress import addresses
from reposync.sources.registry.transport.egress import listed

Kind = addresses.Kind

#: The furthest that a registry at an address of some kind may lead to.
_FURTHEST = {
    Kind.PUBLIC: Kind.PUBLIC,
    Kind.PRIVATE: Kind.PRIVATE,
    Kind.LOOPBACK: Kind.LOOPBACK,
    Kind.LINK_LOCAL: Kind.PRIVATE,
}
#: Where a registry may be that nobody has listed.
_UNLISTED = Kind.PRIVATE
_USUAL_PORTS = (80, 443)


class Refused(exception.SourceError):
    """Nothing is connected to there."""


class Network:
    """Names and addresses, as they are for this host."""

    def resolve(self, host: str, port: int) -> list[str]:
        """Give the addresses of a host, the first to be tried first.

        :raises OSError: it has none
        """
        with contextlib.suppress(ValueError):
            return [str(ipaddress.ip_address(host))]
        family = urllib3.util.connection.allowed_gai_family()
        found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        return list(dict.fromkeys(_text(each[4]) for each in found))

    def kind(self, address: str) -> Kind:
        """Tell the kind of an address."""
        return addresses.kind(address)

    def is_inside(self, address: str) -> bool:
        """Tell whether nobody outside can be at a private address."""
        return addresses.is_inside(address)


class Egress:
    """Knows what the operator has listed; one for all threads."""

    def __init__(self, conf: cfg.ConfigOpts, network: Network):
        """Store the configuration, and what knows addresses."""
        self._conf = conf.registry
        self.network = network

    def trail(
        self,
        registry: str,
        origin: Kind | None = None,
        *,
        configured: bool = False,
    ) -> "Trail":
        """Begin an exchange, or go on with one.

        :param registry: whom it began with, for messages
        :param origin: where that was, if it is known
        :param configured: the operator has named the host itself
        """
        return Trail(self, registry, origin, configured=configured)

    def is_insecure(self, host: str, port: int | None) -> bool:
        """Tell whether a host needs no valid certificate."""
        return listed.read(tuple(self._conf.insecure)).has(host, port)

    def is_listed(self, host: str, port: int, address: str) -> bool:
        """Tell whether anybody may lead to a host."""
        return any(
            listed.read(tuple(entries)).has(host, port, address)
            for entries in (
                self._conf.allowed_private_hosts,
                self._conf.insecure,
            )
        )


class Trail:
    """One exchange: a request to a registry, and what follows from it.

    Belongs to one thread.

    :ivar origin: where the registry was connected to; None until then
    """

    def __init__(
        self,
        egress: Egress,
        registry: str,
        origin: Kind | None,
        *,
        configured: bool,
    ):
        """See `Egress.trail`."""
        self._egress = egress
        self._registry = registry
        self._configured = configured
        self.origin = origin

    def choose(self, host: str, port: int) -> list[str]:
        """Resolve a host; gives the addresses that may be connected to.

        :raises OSError: it has none
        :raises Refused: it has none that may be connected to
        """
        found = self._egress.network.resolve(host, port)
        usable = [each for each in found if self.may(host, port, each)]
        if not usable and found:
            raise self._refused(host, port, found[0])
        return usable

    def may(self, host: str, port: int, address: str) -> bool:
        """Tell whether a host may be connected to at an address."""
        kind = self._egress.network.kind(address)
        return self._allows(kind, host, port, address)

    def check_name(self, host: str, port: int) -> None:
        """Make sure of a host that a proxy resolves, as far as its name tells.

        :raises Refused: its name says that it is inside
        """
        kind = addresses.kind_of_name(host)
        if not self._allows(kind, host, port):
            raise self._refused(host, port, "", kind)

    def arrived(self, kind: Kind) -> None:
        """Note that an answer came from an address; the first one counts."""
        if self.origin is None:
            self.origin = kind

    def arrived_at(self, address: str) -> None:
        """Note from where an answer came; see `arrived`.

        :param address: an unknown one counts as public
        """
        network = self._egress.network
        kind = network.kind(address) if address else Kind.PUBLIC
        if kind is Kind.PRIVATE and not network.is_inside(address):
            # Not to be led to, and no reason to lead inside.
            kind = Kind.PUBLIC
        self.arrived(kind)

    def _allows(
        self, kind: Kind, host: str, port: int, address: str = ""
    ) -> bool:
        """Tell whether a host may be at a kind of address.

        :param address: if it is known
        """
        return (
            not self._is_too_far(kind)
            or self._is_own(host, port)
            or self._egress.is_listed(host, port, address)
        )

    def _is_too_far(self, kind: Kind) -> bool:
        if self.origin is not None:
            return kind > _FURTHEST[self.origin]
        return kind > _UNLISTED and not self._configured

    def _is_own(self, host: str, port: int) -> bool:
        """Tell whether it is the host that the operator has named."""
        return self._configured and _place(host, port) == self._registry

    def _refused(
        self, host: str, port: int, address: str, kind: Kind | None = None
    ) -> Refused:
        if kind is None:
            kind = self._egress.network.kind(address)
        place = _place(host, port)
        where = f"at {address}, {kind}" if address else f"by its name {kind}"
        if address == host:
            where = f"at {kind}"
        if self.origin is None:
            return Refused(
                f"The registry {place} is {where}. A registry there is asked "
                f"only if the operator allows it: add {place} to [registry] "
                "insecure if it speaks plain HTTP or has no valid "
                "certificate, otherwise to [registry] allowed_private_hosts"
            )
        return Refused(
            f"The registry {self._registry}, at {self.origin}, leads to "
            f"{place}, which is {where}: refused, and nothing was sent there. "
            f"If it is wanted, add {place} to [registry] "
            "allowed_private_hosts"
        )


def _place(host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port in _USUAL_PORTS else f"{name}:{port}"


def _text(address: tuple[object, ...]) -> str:
    """Write an address with its scope, which it cannot do without."""
    scope = address[3] if len(address) > 3 else 0
    return f"{address[0]}%{scope}" if scope else str(address[0])
