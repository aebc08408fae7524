# SPDX-License-Identifier: Apache-2.0
"""Puts the HTTP interface together; the only place that does."""

from collections.abc import Iterable
from typing import Any

from oslo_config import cfg
import oslo_middleware
from oslo_middleware import healthcheck
import stevedore
import webob

from reposync import policy
from reposync.api import application
from reposync.api import hooks
from reposync.api import middleware
from reposync.api import services as api_services
from reposync.api import streams
from reposync.api import submit
from reposync.api.controllers import root
from reposync.api.identity import authentication
from reposync.api.webhooks import events
from reposync.api.webhooks import tally
from reposync.conductor import rpcapi
from reposync.db.connection import session
from reposync.webhooks import receivers

_HEALTHCHECK = "/healthcheck"
#: A caller waits for the database as long as this many short retries.
_RETRIES = 3


def make_app(
    conf: cfg.ConfigOpts, services: api_services.Services
) -> authentication.Wsgi:
    """Make the application.

    Nothing is connected before the first request: servers fork after this.

    :raises BadSecret: there is no good secret for the strategy ``token``
    """
    app: authentication.Wsgi = application.Application(
        root.RootController(),
        hooks=[hooks.ServicesHook(services), hooks.ErrorHook()],
        # Pecan's own looks for bad UTF-8 whenever any attribute is read; here
        # the envelope does.
        request_cls=webob.Request,
        force_canonical=False,
        guess_content_type_from_ext=False,
    )
    return _surrounded(app, conf)


def _surrounded(
    app: authentication.Wsgi, conf: cfg.ConfigOpts
) -> authentication.Wsgi:
    # From the inside out.  Pecan sees no more than it needs.  Authentication
    # comes before anything reads the body, the limit of which holds for
    # webhooks, too.  The envelope is around all that refuses.  The health of
    # the service is nobody's secret and in the form that load balancers know,
    # so it is outside of both.  CORS adds its headers to errors, too.  The
    # request id is outermost but for the proxy's headers, so that every
    # answer and every log line has it.
    app = middleware.Covered(app)
    app = authentication.make(app, conf)
    limited = oslo_middleware.RequestBodySizeLimiter(app, conf)
    longest = conf.oslo_middleware.max_request_body_size
    app = middleware.Where(middleware.may_be_longer(longest), limited, app)
    app = middleware.OneEnvelope(app)
    app = Mounted(healthcheck.Healthcheck(None, conf), app)
    shared = oslo_middleware.CORS(app, conf)
    app = middleware.Where(middleware.from_browser, shared, app)
    app = middleware.AccessLog(app)
    app = middleware.Context(app)
    app = middleware.RequestId(app)
    proxied = oslo_middleware.HTTPProxyToWSGI(app, conf)
    enabled = conf.oslo_middleware.enable_proxy_headers_parsing
    return proxied if enabled else app


def make_services(
    conf: cfg.ConfigOpts,
    db: session.Database | None = None,
    conductor: rpcapi.ConductorAPI | None = None,
) -> api_services.Services:
    """Make what controllers work with; whoever serves them closes it.

    :param db: another database than the configured one
    :param conductor: another way to the conductors than the message bus
    :raises BadReceiver: a receiver of webhooks must not go into service
    """
    db = db or session.Database(conf, retries=_RETRIES)
    conductor = conductor or rpcapi.ConductorAPI(conf, db)
    found: stevedore.ExtensionManager[Any]
    found = stevedore.ExtensionManager("reposync.webhooks")
    formats: dict[str, Any] = {each.name: each.plugin for each in found}
    submitter = submit.Submitter(conf, db, conductor)
    return api_services.Services(
        conf=conf,
        db=db,
        conductor=conductor,
        submitter=submitter,
        policy=policy.Policy(conf),
        streams=streams.Streams(conf, db),
        formats=formats,
        receivers=receivers.load(conf, formats),
        events=events.Handler(conf, submitter, tally.Tally(db)),
    )


class Mounted:
    """Answers one path by itself, and passes the rest on."""

    def __init__(self, mounted: authentication.Wsgi, app: authentication.Wsgi):
        """Store both."""
        self._mounted = mounted
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Choose by the path."""
        found = environ.get("PATH_INFO", "").rstrip("/") == _HEALTHCHECK
        app = self._mounted if found else self._app
        return app(environ, start_response)
