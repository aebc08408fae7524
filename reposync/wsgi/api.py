# SPDX-License-Identifier: Apache-2.0
"""The HTTP interface for WSGI servers, such as uWSGI.

The configuration is read from the usual places, or from the files that
``OS_REPOSYNC_CONFIG_FILES`` lists, separated by ``;``.
"""

import atexit
import gc
import os

from reposync import service
from reposync.api import app
from reposync.api.identity import authentication
from reposync.cmd import reports


def make() -> authentication.Wsgi:
    """Read the configuration and make the application."""
    listed = os.environ.get("OS_REPOSYNC_CONFIG_FILES", "")
    files = [path for path in listed.split(";") if path]
    conf = service.prepare([], files or None)
    # The server has the signals.
    reports.setup(conf, signal=False)
    threads = _threads()
    if threads is not None:
        # One thread stays free for other requests, whatever streams.
        most = max(0, min(conf.api.max_streams, threads - 1))
        conf.set_override("max_streams", most, group="api")
    services = app.make_services(conf)
    atexit.register(services.close)
    return app.make_app(conf, services)


def _threads() -> int | None:
    """Tell how many threads uWSGI gives a process, if it is uWSGI."""
    try:
        import uwsgi
    except ImportError:
        return None
    return int(uwsgi.opt.get("threads", 1))


application = make()
# What is there by now stays: the collector need not go through it again, and
# processes that are forked share its pages.
gc.collect()
gc.freeze()
