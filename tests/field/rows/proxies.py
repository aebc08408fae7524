# SPDX-License-Identifier: Apache-2.0
"""Proxies on the way."""

import base64

from tests.field import base
from tests.field import login
from tests.field.row import row
from tests.fixtures import forward_proxy

#: Listed as a registry; an address that is here, but no loopback address.
HERE = "0.0.0.0"


def start(field, **environment):
    """Start the service in an environment with proxies."""
    options = {
        "insecure": f"127.0.0.0/8,{HERE},r.example.org",
        "ca_file": str(base.certificates() / "ca.pem"),
    }
    return field.start({"registry": options}, environment)


def proxy(field, registry, **how):
    """Start a proxy that takes every host for the registry."""
    return field.useFixture(forward_proxy.ForwardProxy(registry.host, **how))


@row(
    "``HTTP_PROXY`` with an account whose password is percent-encoded.",
    "Requests go through the proxy, with the decoded password.",
)
def an_account(field):
    registry = field.registry()
    field.image(registry)
    through = proxy(field, registry)
    account = f"u:{base.PASSWORD}%40x"
    service = start(field, HTTP_PROXY=f"http://{account}@{through.host}")
    field.succeeds("r.example.org:5000/team/app:1", service)
    sent = base64.b64encode(f"u:{base.PASSWORD}@x".encode()).decode()
    field.assertEqual({f"Basic {sent}"}, set(through.logins))


@row(
    "``https_proxy=proxy:3128``, in small letters and without a scheme, and "
    "a registry with TLS.",
    "The proxy is spoken to with http, and connects to the registry.",
)
def no_scheme(field):
    registry = field.registry(tls=True)
    field.image(registry)
    through = proxy(field, registry)
    service = start(field, https_proxy=through.host)
    field.succeeds("r.example.org/team/app:1", service)
    field.assertIn("CONNECT r.example.org:443", through.seen)


@row(
    "``ALL_PROXY``, and a proxy that lets TLS through to port 443 only "
    "(squid), before a registry without TLS.",
    "The registry is asked with plain http, through the proxy.",
)
def all_proxy(field):
    registry = field.registry()
    field.image(registry)
    through = proxy(field, registry, tunnels=False)
    service = start(field, ALL_PROXY=f"http://{through.host}")
    field.succeeds("r.example.org:5000/team/app:1", service)


@row(
    "``NO_PROXY`` names the network of a registry that wants a password.",
    "The registry is asked directly; the proxy sees nothing.",
)
def excluded(field):
    registry = field.registry()
    field.image(registry)
    through = proxy(field, registry)
    port = registry.host.rpartition(":")[2]
    login.wants(registry, "Basic realm=x", accepts=login.basic)
    service = start(
        field,
        HTTP_PROXY=through.url,
        HTTPS_PROXY=through.url,
        NO_PROXY="192.0.2.0/24, 0.0.0.0/8",
    )
    login.give(field, registry, service, host=f"{HERE}:{port}")
    field.succeeds(f"{HERE}:{port}/team/app:1", service)
    field.assertEqual([], through.seen)


@row(
    "A proxy for everything, and a registry on a loopback address.",
    "It is asked directly, as programs in Go do; curl would ask the proxy.",
)
def loopback(field):
    registry = field.registry()
    field.image(registry)
    through = proxy(field, registry)
    service = start(field, HTTP_PROXY=through.url, HTTPS_PROXY=through.url)
    field.succeeds(f"{registry.host}/team/app:1", service)
    field.assertEqual([], through.seen)


@row(
    "A variable that names no proxy: an unknown scheme, a port that is none.",
    "Images that need the proxy fail with ``source_error``; the text names "
    "the variable, and no password.",
)
def unusable(field):
    account = f"u:{base.PASSWORD}"
    service = start(
        field,
        HTTPS_PROXY=f"http://{account}@proxy.example.org:port",
        http_proxy=f"ftp://{account}@proxy.example.org",
    )
    field.fails(
        "registry.example.org/team/app:1",
        "source_error",
        "HTTPS_PROXY",
        service=service,
    )


@row(
    "The proxy answers 407: its account is wrong.",
    "The error names the proxy and the variable, not the registry.",
)
def a_login(field):
    registry = field.registry()
    field.image(registry)
    through = proxy(field, registry, refuses=407)
    service = start(field, HTTPS_PROXY=through.url)
    field.fails(
        "registry.example.org/team/app:1",
        "source_error",
        "HTTPS_PROXY",
        through.host,
        "407",
        service=service,
    )


@row(
    "The proxy refuses to connect to the registry.",
    "``source_unavailable``; the error names the proxy and the variable.",
)
def no_way(field):
    registry = field.registry()
    through = proxy(field, registry, refuses=403)
    service = start(
        field,
        HTTPS_PROXY=through.host,
    )
    field.fails(
        "registry.example.org/team/app:1",
        "source_unavailable",
        "HTTPS_PROXY",
        through.host,
        service=service,
    )


@row(
    "The proxy itself is spoken to with TLS: ``HTTPS_PROXY=https://...``.",
    "Its certificate is checked, whatever is allowed to registries.",
)
def tls_to_the_proxy(field):
    registry = field.registry(tls=True)
    field.image(registry)
    through = proxy(field, registry, folder=base.certificates())
    service = start(
        field, HTTPS_PROXY=through.url, HTTP_PROXY="http://127.0.0.1:9"
    )
    field.succeeds("r.example.org/team/app:1", service)
    field.assertIn("CONNECT r.example.org:443", through.seen)
    # The certificate is not one for this name.
    service.close()
    service = start(
        field, HTTPS_PROXY=through.url.replace("localhost", "127.0.0.2")
    )
    field.fails(
        "registry.example.org/team/app:1",
        "source_unavailable",
        "HTTPS_PROXY",
        service=service,
    )
