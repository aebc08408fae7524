# SPDX-License-Identifier: Apache-2.0
"""Where a registry is reached, and over which connections.

The library is urllib3: its pools may be used by many threads, which a
session of requests may not, and it hands pieces on without copies.
"""

from collections.abc import Mapping
import dataclasses
import functools
import ipaddress
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
from reposync.sources import registry_proxies as proxies
from reposync.sources import registry_tunnels as tunnels
from reposync.sources import registry_wire as wire

LOG = log.getLogger(__name__)

_HUB_HOST = "registry-1.docker.io"
_POOLS = 64
_OBJECT = re.compile(r"^\w+\([^()]*\): ")
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
    """

    name: str
    url: str
    insecure: bool
    path: str = ""

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

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        self._conf = conf.registry
        self._agent = f"reposync/{version.release()}"
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

    def endpoint(self, place: str) -> Endpoint:
        """Find out how a place is spoken to.

        :param place: a registry, or a mirror as the options have it
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
        return Endpoint(name, f"{scheme}://{host}", insecure, path)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> Answer:
        """Send one request; redirects are not followed.

        The answer's body is not read yet, and is as the server sent it.

        :raises SourceUnavailable: no answer
        :raises SourceError: the proxy in between is not set up as it needs
        """
        host = urllib.parse.urlsplit(url).netloc
        proxy = self._proxies.choose(url)
        manager = self._manager(self.is_insecure(host), proxy)
        sent = {
            "User-Agent": self._agent,
            "Accept-Encoding": "identity",
            **headers,
        }
        try:
            answer = wire.send(
                manager,
                method,
                url,
                headers=sent,
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
        return answer

    def is_insecure(self, host: str) -> bool:
        """Tell whether a host needs no valid certificate."""
        plain = urllib.parse.urlsplit(f"//{host}").hostname or host
        return any(
            listed in (host, plain) or _inside(plain, listed)
            for listed in self._conf.insecure
        )

    def _scheme(self, host: str) -> str:
        """Find out whether an insecure registry speaks TLS at all."""
        if host not in self._schemes:
            self._schemes[host] = "https" if self._has_tls(host) else "http"
            if self._schemes[host] == "http":
                LOG.warning("The registry %s speaks plain HTTP", host)
        return self._schemes[host]

    def _has_tls(self, host: str) -> bool:
        try:
            self.send("GET", f"https://{host}/v2/", {}).close()
        except exception.SourceUnavailable as error:
            if _is_plain(error.__cause__) or self._answers_plainly(host):
                return False
            raise
        return True

    def _answers_plainly(self, host: str) -> bool:
        """Ask without TLS: its port, or the proxy, may be another one."""
        try:
            answer = self.send("GET", f"http://{host}/v2/", {})
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
    if isinstance(error, urllib3.exceptions.ProtocolError):
        # What it says is for programmers.
        return "the connection broke off"
    # urllib3 puts the object that failed in front of what is wrong.
    text = _OBJECT.sub("", str(error).rpartition(">: ")[2])
    return text or type(error).__name__


@functools.lru_cache(maxsize=4096)
def _inside(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network)
    except ValueError:
        return False
