# SPDX-License-Identifier: Apache-2.0
"""Options of the metrics."""

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "metrics",
    title="Metrics",
    help="""
Each conductor can serve its metrics to Prometheus, over plain HTTP and
without authentication.  They hold numbers and the names of registries.
""",
)

OPTIONS = [
    cfg.HostAddressOpt(
        "bind_host",
        default="127.0.0.1",
        help="Address to listen on.",
    ),
    cfg.IntOpt(
        "port",
        default=0,
        min=0,
        max=65535,
        help="""
Port to listen on, such as 9878; 0 for no metrics.  Conductors on one host
need one each.
""",
    ),
]
