# SPDX-License-Identifier: Apache-2.0
"""Where a registry is reached, and over which connections.

The library is urllib3: its pools may be used by many threads, which a
session of requests may not, and it hands pieces on without copies.
"""

from collections.abc import Mapping
import dataclasses
import os
import re
import threading
from typing import Any
import urllib.parse

from oslo_config import cfg
from oslo_log import log
import urllib3

from reposync import exception
from reposync import reference as ref
from reposync import version
from reposync.sources import errors
from reposync.sources.registry.transport import connections as wire
from reposync.sources.registry.transport.egress import addresses
from reposync.sources.registry.transport.egress import rules as egress
from reposync.sources.registry.transport.proxies import environment as proxies
from reposync.sources.registry.transport.proxies import tunnels

LOG = log.getLogger(__name__)

_HUB_HOST = "registry-1.docker.io"
_POOLS = 64
_OBJECT = re.compile(r"^\w+\([^()]*\): ")
_PORTS = {"http": 80, "https": 443}
_NO_RETRIES = urllib3.Retry.from_int(False, redirect=False)
#: What goes wrong below HTTP.
BROKEN = (urllib3.exceptions.HTTPError, OSError)

Answer = urllib3.BaseHTTPResponse


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """A host that answers for a registry.

    :ivar name: the host as images' names have it, with its port
    :ivar url: scheme and host
    :ivar insecure: no valid certificate is asked for
    :ivar path: of a mirror that keeps the repositories of a registry below
        one of its own names, such as a project of Harbor
    :ivar configured: the operator has named it as a mirror
    """

    name: str
    url: str
    insecure: bool
    path: str = ""
    configured: bool = False

    def here(self, reference: ref.Reference) -> ref.Reference:
        """Give an image's name as it is at this host."""
        parts = filter(None, (self.path, reference.repository))
        return dataclasses.replace(
            reference, registry=self.name, repository="/".join(parts)
        )

    @property
    def host(self) -> str:
        """The host that is connected to, with its port if it has one."""
        return urllib.parse.urlsplit(self.url).netloc


class Hosts:
    """Finds endpoints and sends requests to them.

    Nothing is connected before the first request.
    """

    def __init__(
        self, conf: cfg.ConfigOpts, network: egress.Network | None = None
    ):
        """Store the configuration.

        :param network: resolves names; that of this host unless given
        """
        self._conf = conf.registry
        self._egress = egress.Egress(conf, network or egress.Network())
        self._headers = {
            "User-Agent": f"reposync/{version.release()}",
            "Accept-Encoding": "identity",
        }
        self._lock = threading.Lock()
        self._managers: dict[
            tuple[bool, proxies.Proxy | None], urllib3.PoolManager
        ] = {}
        self._schemes: dict[str, str] = {}
        # Looked up once: the environment is that of the process's start.
        self._proxies = proxies.Proxies(os.environ)

    def places(self, registry: str) -> list[str]:
        """List where a registry is asked, the registry itself at last."""
        return [*self._conf.mirrors.get(registry, "").split(), registry]

    def endpoint(self, place: str, *, mirror: bool = False) -> Endpoint:
        """Find out how a place is spoken to.

        :param place: a registry, or a mirror as the options have it
        :param mirror: which of the two it is
        :raises SourceUnavailable: it has to be asked, and does not answer
        """
        scheme, _, rest = place.rpartition("://")
        name, _, path = rest.strip("/").partition("/")
        # Some tools want it in the address of a mirror.
        path = re.sub(r"^v2(/|$)", "", path)
        host = _HUB_HOST if name == ref.DOCKER_HUB else name
        insecure = scheme == "http" or self.is_insecure(host)
        if not scheme:
            scheme = self._scheme(host) if insecure else "https"
        return Endpoint(name, f"{scheme}://{host}", insecure, path, mirror)

    def trail(
        self, endpoint: Endpoint, origin: addresses.Kind | None = None
    ) -> egress.Trail:
        """Begin an exchange with a registry.

        :param origin: where it was connected to, for what it has named
        """
        return self._egress.trail(
            endpoint.host, origin, configured=endpoint.configured
        )

    def send(
        self,
        trail: egress.Trail,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        """Send one request; redirects are not followed.

        The answer's body is not read yet, and is as the server sent it.

        :param trail: the exchange that it is a part of
        :raises SourceUnavailable: no answer
        :raises Refused: the exchange may not lead there
        :raises SourceError: the proxy in between is not set up as it needs
        """
        parts = urllib.parse.urlsplit(url)
        host = parts.netloc
        proxy = self._proxies.choose(url)
        if proxy is not None:
            trail.check_name(*_target(parts))
        manager = self._manager(self.is_insecure(host), proxy)
        try:
            answer = wire.send(
                manager,
                None if proxy else trail,
                method,
                url,
                headers={**self._headers, **headers},
                body=body,
                redirect=False,
                retries=_NO_RETRIES,
                preload_content=False,
                decode_content=False,
            )
        except (*BROKEN, UnicodeError) as error:
            found = proxy and tunnels.failure(proxy, url, error)
            raise (found or unavailable(host, error)) from error
        if answer.status == 407:
            answer.close()
            raise tunnels.refused(proxy, host)
        if proxy is not None:
            trail.arrived(addresses.kind_of_name(_target(parts)[0]))
        return answer

    def is_insecure(self, host: str) -> bool:
        """Tell whether a host needs no valid certificate.

        :param host: with its port if it has one
        """
        parts = urllib.parse.urlsplit(f"//{host}")
        try:
            return self._egress.is_insecure(parts.hostname or "", parts.port)
        except ValueError:
            return False

    def _scheme(self, host: str) -> str:
        """Find out whether an insecure registry speaks TLS at all."""
        if host not in self._schemes:
            self._schemes[host] = "https" if self._has_tls(host) else "http"
            if self._schemes[host] == "http":
                LOG.warning("The registry %s speaks plain HTTP", host)
        return self._schemes[host]

    def _has_tls(self, host: str) -> bool:
        trail = self._egress.trail(host, configured=True)
        try:
            self.send(trail, "GET", f"https://{host}/v2/", {}).close()
        except exception.SourceUnavailable as error:
            if _is_plain(error.__cause__) or self._answers_plainly(host):
                return False
            raise
        return True

    def _answers_plainly(self, host: str) -> bool:
        """Ask without TLS: its port, or the proxy, may be another one."""
        trail = self._egress.trail(host, configured=True)
        try:
            answer = self.send(trail, "GET", f"http://{host}/v2/", {})
        except exception.SourceError:
            return False
        answer.close()
        # Servers that speak TLS alone say so with 400.
        return answer.status != 400

    def _manager(
        self, insecure: bool, proxy: proxies.Proxy | None
    ) -> urllib3.PoolManager:
        with self._lock:
            key = insecure, proxy
            if key not in self._managers:
                made = self._make(insecure, proxy)
                wire.watch(made)
                self._managers[key] = made
            return self._managers[key]

    def _make(
        self, insecure: bool, proxy: proxies.Proxy | None
    ) -> urllib3.PoolManager:
        options: dict[str, Any] = {
            "num_pools": _POOLS,
            "maxsize": self._conf.concurrency,
            "timeout": urllib3.Timeout(
                connect=self._conf.connect_timeout,
                read=self._conf.read_timeout,
            ),
            "cert_reqs": "CERT_NONE" if insecure else "CERT_REQUIRED",
            "ca_certs": None if insecure else self._conf.ca_file,
        }
        if insecure:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        if proxy is None:
            return urllib3.PoolManager(**options)
        return tunnels.manager(proxy, self._conf.ca_file, options)


def _target(parts: urllib.parse.SplitResult) -> tuple[str, int]:
    """Give the host and the port of an address."""
    port = parts.port or _PORTS.get(parts.scheme, 0)
    return parts.hostname or "", port


def _is_plain(error: BaseException | None) -> bool:
    """Tell whether a TLS connection failed because it was one."""
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return any(isinstance(a, ConnectionResetError) for a in error.args)
    if isinstance(error, urllib3.exceptions.ProxyError):
        # Proxies let TLS to the ports of TLS alone, as a rule.
        return "Tunnel connection failed" in str(error)
    return isinstance(error, urllib3.exceptions.SSLError)


def unavailable(host: str, error: Exception) -> exception.SourceUnavailable:
    """Say that a registry does not answer."""
    cause = getattr(error, "reason", None) or error
    return exception.SourceUnavailable(
        f"The registry {host} does not answer: {errors.shorten(_plain(cause))}"
    )


def _plain(error: object) -> str:
    if "WRONG_VERSION_NUMBER" in str(error):
        return (
            "it speaks no TLS on this port. If it speaks plain HTTP, and that "
            "is wanted, add it to [registry] insecure"
        )
    if isinstance(error, urllib3.exceptions.ProtocolError):
        # What it says is for programmers.
        return "the connection broke off"
    # urllib3 puts the object that failed in front of what is wrong.
    text = _OBJECT.sub("", str(error).rpartition(">: ")[2])
    return text or type(error).__name__
