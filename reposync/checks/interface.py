# SPDX-License-Identifier: Apache-2.0
"""What callers, browsers and Prometheus reach."""

from collections.abc import Iterator

from oslo_config import cfg
from oslo_middleware import cors
from oslo_middleware import http_proxy_to_wsgi

from reposync.checks import addresses
from reposync.conf import receiver


def listening(conf: cfg.ConfigOpts) -> Iterator[str]:
    """Look at where the API listens."""
    options = conf.api
    if addresses.is_near(options.bind_host):
        return
    if not options.tls_cert_file:
        yield (
            f"[api] bind_host: the API listens on {options.bind_host} without "
            "TLS, so tokens can be read on the way. Set tls_cert_file and "
            "tls_key_file. If a proxy speaks TLS before it, let nobody but "
            "the proxy reach the port."
        )
    conf.register_opts(http_proxy_to_wsgi.OPTS, group="oslo_middleware")
    if conf.oslo_middleware.enable_proxy_headers_parsing:
        yield (
            "[oslo_middleware] enable_proxy_headers_parsing: who reaches "
            f"{options.bind_host} past the proxy chooses the address that "
            "the log shows, and that answers name. Let nobody but the proxy "
            "reach the port."
        )


def browsers(conf: cfg.ConfigOpts) -> Iterator[str]:
    """Look at the pages that may call the API."""
    conf.register_opts(cors.CORS_OPTS, group="cors")
    if "*" in (conf.cors.allowed_origin or []):
        yield (
            "[cors] allowed_origin: * lets every page that a user opens call "
            "the API. Name the origins that need it."
        )


def webhooks(conf: cfg.ConfigOpts) -> Iterator[str]:
    """Look at where receivers have their keys from."""
    for name in conf.notify.receivers:
        group = receiver.register(conf, name)
        if addresses.is_plain(conf[group].oidc_keys):
            yield (
                f"[{group}] oidc_keys: the keys of tokens come over plain "
                "HTTP, so anybody on the way can sign. Use https://."
            )


def metrics(conf: cfg.ConfigOpts) -> Iterator[str]:
    """Look at where conductors show their metrics."""
    options = conf.metrics
    if options.port and not addresses.is_near(options.bind_host):
        yield (
            f"[metrics] bind_host: everybody who reaches {options.bind_host}, "
            f"port {options.port}, reads the metrics. Let nobody but "
            "Prometheus reach the port."
        )


def debugging(conf: cfg.ConfigOpts) -> Iterator[str]:
    """Look at what is for looking for defects."""
    if conf.debug:
        yield (
            "debug: the log of libraries at this level may hold what is "
            "confidential. Set it to false when the search is over."
        )
    if conf.publish_errors:
        yield (
            "publish_errors: lines of the log go onto the message bus, where "
            "others read them. Set it to false."
        )
