# SPDX-License-Identifier: Apache-2.0
"""Defaults of the middleware's options."""

from oslo_config import cfg
from oslo_middleware import cors
from oslo_middleware import sizelimit
from oslo_middleware.healthcheck import opts

_MAX_BODY = 1024 * 1024
_HEALTH = [
    "reposync_database",
    "reposync_identity",
    "reposync_messaging",
    "reposync_conductors",
]


def set_defaults() -> None:
    """Change defaults of oslo.middleware to what this service needs."""
    cors.set_defaults(
        allow_headers=[
            "Content-Type",
            "Accept",
            "X-Auth-Token",
            "X-OpenStack-Request-ID",
        ],
        expose_headers=["Location", "Retry-After", "X-OpenStack-Request-ID"],
        allow_methods=["GET", "PUT", "POST", "DELETE"],
    )
    cfg.set_defaults(sizelimit.OPTS, max_request_body_size=_MAX_BODY)
    cfg.set_defaults(opts.HEALTHCHECK_OPTS, backends=_HEALTH)
