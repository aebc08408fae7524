# SPDX-License-Identifier: Apache-2.0
"""Whether the service has what it needs, for ``/healthcheck``.

These are backends of oslo.middleware's healthcheck.
"""

import threading
import time
from typing import Any

from oslo_config import cfg
from oslo_log import log
from oslo_middleware.healthcheck import pluginbase
import requests

from reposync import rpc
from reposync.db import session

LOG = log.getLogger(__name__)

#: Seconds that a result counts: probes of many balancers are one look.
_FRESH = 5.0
#: Seconds until a server that does not answer counts as away.
_PATIENCE = 2.0


class _Health(pluginbase.HealthcheckBaseExtension):
    """Looks now and then, and remembers what it saw."""

    what: str

    def __init__(self, oslo_conf: cfg.ConfigOpts, conf: Any):
        super().__init__(oslo_conf, conf)
        self._lock = threading.Lock()
        self._seen = 0.0
        self._well = False

    def healthcheck(
        self, server_port: int | None = None
    ) -> pluginbase.HealthcheckResult:
        """Tell how it is."""
        with self._lock:
            if not self._seen or time.monotonic() > self._seen + _FRESH:
                self._look()
            well = self._well
        reason = f"{self.what} {'OK' if well else 'AWAY'}"
        return pluginbase.HealthcheckResult(available=well, reason=reason)

    def _look(self) -> None:
        before, known = self._well, bool(self._seen)
        try:
            self.probe()
            self._well = True
        except Exception as error:  # noqa: BLE001 (whatever it is, it is away)
            self._well = False
            if before or not known:
                LOG.error(
                    "The %s is away: %s", self.what, type(error).__name__
                )
        if self._well and known and not before:
            LOG.info("The %s is back", self.what)
        self._seen = time.monotonic()

    def probe(self) -> None:
        """Look; raise whatever is wrong."""
        raise NotImplementedError


class DatabaseHealth(_Health):
    """The database answers a question."""

    what = "database"

    def __init__(self, oslo_conf: cfg.ConfigOpts, conf: Any):
        """Store the configuration."""
        super().__init__(oslo_conf, conf)
        self._db = session.Database(oslo_conf, retries=0)

    def probe(self) -> None:
        """Ask it."""
        self._db.ping()


class MessagingHealth(_Health):
    """The message bus lets the service in."""

    what = "message bus"

    def __init__(self, oslo_conf: cfg.ConfigOpts, conf: Any):
        """Store the configuration."""
        super().__init__(oslo_conf, conf)
        self._oslo_conf = oslo_conf

    def probe(self) -> None:
        """Log in at one of its hosts."""
        rpc.probe(self._oslo_conf)


class IdentityHealth(_Health):
    """The identity service answers, where it is what checks tokens."""

    what = "identity service"

    def __init__(self, oslo_conf: cfg.ConfigOpts, conf: Any):
        """Store the configuration."""
        super().__init__(oslo_conf, conf)
        self._oslo_conf = oslo_conf

    def probe(self) -> None:
        """Ask for its versions, as anybody may."""
        conf = self._oslo_conf
        if conf.api.auth_strategy != "keystone":
            return
        options = conf.keystone_authtoken
        url = options.www_authenticate_uri
        if not url:
            return
        answer = requests.get(
            url,
            timeout=_PATIENCE,
            verify=not options.insecure and (options.cafile or True),
        )
        if answer.status_code >= 500:
            answer.raise_for_status()
