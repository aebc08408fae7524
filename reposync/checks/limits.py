# SPDX-License-Identifier: Apache-2.0
"""Limits that were switched off."""

from collections.abc import Iterator

from oslo_config import cfg
from oslo_middleware import sizelimit

_LARGE = 16 * 1024 * 1024
#: Options that 0 switches off, with what is unbounded then.
_OFF = {
    ("api", "max_waiting"): "one project may fill the queue",
    ("registry", "lowest_rate"): "a slow registry holds a worker for as long "
    "as it likes",
    ("conductor", "retention"): "the table of operations grows for ever",
}


def limits(conf: cfg.ConfigOpts) -> Iterator[str]:
    """List the limits that are off, or so large that they are none."""
    for (group, option), what in _OFF.items():
        if not conf[group][option]:
            yield (
                f"[{group}] {option}: with 0 {what}. Remove the line to have "
                "the default."
            )
    conf.register_opts(sizelimit.OPTS, group="oslo_middleware")
    if conf.oslo_middleware.max_request_body_size > _LARGE:
        yield (
            "[oslo_middleware] max_request_body_size: each request may take "
            "that much memory. Webhooks need 1 MiB."
        )
