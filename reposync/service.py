# SPDX-License-Identifier: Apache-2.0
"""What every program of the service does first."""

from collections.abc import Sequence
from pathlib import Path
import sys

from oslo_config import cfg
from oslo_db import options as db_options
from oslo_log import _options as log_options
from oslo_log import log
import oslo_messaging
from oslo_messaging import opts as messaging_opts
from oslo_messaging._drivers import impl_rabbit
from oslo_reports import opts as report_opts
from oslo_service import opts as service_opts

from reposync import conf as reposync_conf
from reposync import consistency
from reposync import logs
from reposync import version
from reposync.api import defaults as api_defaults

LOG = log.getLogger(__name__)

#: The exchange is the service's own: on the one that OpenStack services
#: share, queues declared in another way than ours would be refused.
EXCHANGE = "reposync"

# oslo.db logs a traceback, or two, for each statement that the database did
# not take; the service itself says once that it is away, and why.
_DEFAULT_LOG_LEVELS = [
    "amqp=WARN",
    "docker=WARN",
    "keystoneauth=WARN",
    "keystonemiddleware=WARN",
    "oslo_db.api=CRITICAL",
    "oslo_db.sqlalchemy.exc_filters=CRITICAL",
    "oslo.messaging=WARN",
    "oslo_messaging=WARN",
    "sqlalchemy=WARN",
    "stevedore=WARN",
    "urllib3=WARN",
    # It warns of each request that is none.
    "uvicorn=ERROR",
]


def set_defaults() -> None:
    """Change defaults of library options to what this service needs.

    Quorum queues survive the loss of a node of the message bus; the
    transient ones are declared likewise, because newer releases of RabbitMQ
    refuse the classic kind.
    """
    log.set_defaults(default_log_levels=_DEFAULT_LOG_LEVELS)
    # oslo.log calls whatever a thread works on an instance.
    cfg.set_defaults(
        log_options.log_opts, instance_uuid_format="[operation %(uuid)s] "
    )
    oslo_messaging.set_transport_defaults(EXCHANGE)
    cfg.set_defaults(
        impl_rabbit.rabbit_opts,
        rabbit_quorum_queue=True,
        rabbit_transient_quorum_queue=True,
        rabbit_interval_max=10,
        heartbeat_timeout_threshold=20,
        rpc_conn_pool_size=4,
        conn_pool_min_size=1,
    )
    api_defaults.set_defaults()


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options of the service and of its libraries."""
    set_defaults()
    log.register_options(conf)
    db_options.set_defaults(conf)
    # oslo.messaging registers these only when it connects, but the API's look
    # at the broker's health and the standalone mode come before.
    for group, options in messaging_opts.list_opts():
        conf.register_opts(options, group=group)
    service_opts.register_service_opts(conf)
    report_opts.set_defaults(conf)
    reposync_conf.register_opts(conf)


def prepare(
    argv: Sequence[str], config_files: list[str] | None = None
) -> cfg.ConfigOpts:
    """Read the configuration and start logging.

    :param argv: arguments of the command line, without the program's name
    :param config_files: files to read instead of the usual ones
    :returns: the one configuration object, for everything to be given
    :raises cfg.Error: a file cannot be read or understood
    :raises BadConfiguration: it contradicts itself
    """
    conf = cfg.CONF
    register_opts(conf)
    if config_files is None:
        consistency.check_files(argv, Path(sys.argv[0]).name)
    conf(
        list(argv),
        project="reposync",
        version=version.release(),
        default_config_files=config_files,
    )
    consistency.check(conf)
    logs.setup()
    try:
        log.setup(conf, "reposync")
    except (OSError, log.LogConfigError) as error:
        raise consistency.BadConfiguration(
            f"log_file, log_dir or log_config_append cannot be used: {error}"
        ) from error
    for text in consistency.without_effect(conf):
        LOG.warning("%s", text)
    return conf
