# SPDX-License-Identifier: Apache-2.0
"""Connections through proxies."""

import base64
import ssl
from typing import Any
import urllib.parse

import urllib3

from reposync import exception
from reposync.sources import errors
from reposync.sources.registry.transport.proxies import environment as proxies


def manager(
    proxy: proxies.Proxy, ca_file: str | None, options: dict[str, Any]
) -> urllib3.PoolManager:
    """Make a manager of connections that go through a proxy.

    :param options: of `urllib3.PoolManager`
    :raises SourceError: a library for it is missing
    """
    if proxy.scheme.startswith("socks"):
        return _socks(proxy, options)
    if proxy.scheme == "https":
        # Whatever is allowed to registries, a proxy has a certificate.
        options["proxy_ssl_context"] = ssl.create_default_context(
            cafile=ca_file
        )
    headers = {}
    if proxy.user is not None:
        pair = f"{proxy.user}:{proxy.password}".encode()
        encoded = base64.b64encode(pair).decode()
        headers["Proxy-Authorization"] = f"Basic {encoded}"
    return urllib3.ProxyManager(
        proxy.address, proxy_headers=headers, **options
    )


def _socks(
    proxy: proxies.Proxy, options: dict[str, Any]
) -> urllib3.PoolManager:
    try:
        from urllib3.contrib import socks
    except ImportError as error:
        raise exception.SourceError(
            f"The proxy {proxy} needs the Python package PySocks, which is "
            "not installed"
        ) from error
    return socks.SOCKSProxyManager(
        proxy.address,
        username=proxy.user,
        password=proxy.password if proxy.user is not None else None,
        **options,
    )


def failure(
    proxy: proxies.Proxy, url: str, error: Exception
) -> exception.SourceError | None:
    """Say what is wrong with a proxy, None if it is something else."""
    host = urllib.parse.urlsplit(url).netloc
    if not isinstance(error, urllib3.exceptions.ProxyError):
        return None
    said = errors.shorten(str(error.original_error))
    if "407" in said:
        return refused(proxy, host)
    return exception.SourceUnavailable(
        f"The proxy {proxy} does not connect to {host}: {said}. Hosts that "
        "are reached without it belong into NO_PROXY"
    )


def refused(proxy: proxies.Proxy | None, host: str) -> exception.SourceError:
    """Say that a proxy wants to know who asks."""
    who = f"The proxy {proxy}" if proxy else f"A proxy before {host}"
    return exception.SourceError(
        f"{who} refuses to connect to {host} without a login, or with this "
        "one (407 Proxy Authentication Required). Correct user and password "
        "in the environment variable"
    )
