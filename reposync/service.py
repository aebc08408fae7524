# SPDX-License-Identifier: Apache-2.0
"""What every program of the service does first."""

from collections.abc import Sequence

from oslo_config import cfg
from oslo_db import options as db_options
from oslo_log import log
import oslo_messaging

from reposync import conf as reposync_conf
from reposync import version

#: The exchange is the service's own: on the one that OpenStack services
#: share, queues declared in another way than ours would be refused.
EXCHANGE = "reposync"

_DEFAULT_LOG_LEVELS = [
    "amqp=WARN",
    "docker=WARN",
    "keystoneauth=WARN",
    "keystonemiddleware=WARN",
    "oslo.messaging=WARN",
    "oslo_messaging=WARN",
    "sqlalchemy=WARN",
    "stevedore=WARN",
    "urllib3=WARN",
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of the service and of its libraries."""
    log.register_options(conf)
    log.set_defaults(default_log_levels=_DEFAULT_LOG_LEVELS)
    db_options.set_defaults(conf)
    oslo_messaging.set_transport_defaults(EXCHANGE)
    reposync_conf.register_opts(conf)


def prepare(
    argv: Sequence[str], config_files: Sequence[str] | None = None
) -> cfg.ConfigOpts:
    """Read the configuration and start logging.

    :param argv: arguments of the command line, without the program's name
    :param config_files: files to read instead of the usual ones
    :returns: the one configuration object, for everything to be given
    """
    conf = cfg.CONF
    register_opts(conf)
    conf(
        list(argv),
        project="reposync",
        version=version.release(),
        default_config_files=config_files,
    )
    log.setup(conf, "reposync")
    return conf
