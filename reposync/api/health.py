# SPDX-License-Identifier: Apache-2.0
"""Whether the service has what it needs, for ``/healthcheck``.

These are backends of oslo.middleware's healthcheck.  Anybody may read what
they say, so it names no host, no account and no database.
"""

import threading
import time
from typing import Any

from oslo_config import cfg
from oslo_log import log
from oslo_middleware.healthcheck import pluginbase
import requests

from reposync import broker
from reposync import exception
from reposync.api.identity import keystone
from reposync.db import conductors
from reposync.db.connection import session

LOG = log.getLogger(__name__)

#: Seconds that a result counts: probes of many balancers are one look.
_FRESH = 5.0
#: Seconds until a server that does not answer counts as away.
_PATIENCE = 2.0


class Away(Exception):
    """What is looked at cannot be used.

    :ivar public: why, for anybody
    """

    def __init__(self, public: str, words: str = ""):
        """Store why; ``words`` are for the log."""
        super().__init__(words or public)
        self.public = public


class _Health(pluginbase.HealthcheckBaseExtension):
    """Looks now and then, and remembers what it saw."""

    what: str

    def __init__(self, oslo_conf: cfg.ConfigOpts, conf: Any):
        super().__init__(oslo_conf, conf)
        self._lock = threading.Lock()
        self._seen = 0.0
        self._away: str | None = None

    def healthcheck(
        self, server_port: int | None = None
    ) -> pluginbase.HealthcheckResult:
        """Tell how it is."""
        with self._lock:
            if not self._seen or time.monotonic() > self._seen + _FRESH:
                self._look()
            away = self._away
        well = ", but ".join(filter(None, ("OK", self.doubt())))
        reason = f"{self.what} {well if away is None else f'AWAY: {away}'}"
        return pluginbase.HealthcheckResult(
            available=away is None, reason=reason
        )

    def _look(self) -> None:
        before = self._away
        try:
            self.probe()
            self._away = None
        except Away as error:
            self._away = error.public
            if before is None:
                LOG.error("The %s is away: %s", self.what, error)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is away)
            self._away = type(error).__name__
            if before is None:
                LOG.error("The %s is away: %s", self.what, self._away)
        if self._away is None and before is not None:
            LOG.info("The %s is back", self.what)
        self._seen = time.monotonic()

    def probe(self) -> None:
        """Look; raise whatever is wrong."""
        raise NotImplementedError

    def doubt(self) -> str | None:
        """Say what may be wrong all the same."""
        return None


class DatabaseHealth(_Health):
    """The database answers a question."""

    what = "database"

    def __init__(self, oslo_conf: cfg.ConfigOpts, conf: Any):
        """Store the configuration."""
        super().__init__(oslo_conf, conf)
        self._db = session.Database(oslo_conf, retries=0)

    def probe(self) -> None:
        """Ask it for what this release needs."""
        try:
            conductors.known(self._db)
        except exception.DatabaseUnavailable as error:
            raise Away(error.public, error.reason) from error


class MessagingHealth(_Health):
    """The message bus lets the service in."""

    what = "message bus"

    def __init__(self, oslo_conf: cfg.ConfigOpts, conf: Any):
        """Store the configuration."""
        super().__init__(oslo_conf, conf)
        self._oslo_conf = oslo_conf

    def probe(self) -> None:
        """Log in at one of its hosts."""
        try:
            broker.probe(self._oslo_conf)
        except Exception as error:
            raise Away(broker.explain(error), broker.words(error)) from error


class IdentityHealth(_Health):
    """Keystone answers, and takes the account that checks tokens."""

    what = "identity service"

    def __init__(self, oslo_conf: cfg.ConfigOpts, conf: Any):
        """Store the configuration."""
        super().__init__(oslo_conf, conf)
        self._oslo_conf = oslo_conf
        self._account = keystone.Account(oslo_conf)

    def probe(self) -> None:
        """Ask for its versions, as anybody may, and log in."""
        conf = self._oslo_conf
        if conf.api.auth_strategy != "keystone":
            return
        self._ask_for_versions(conf.keystone_authtoken)
        problem = self._account.problem()
        if problem:
            raise Away(problem)

    def doubt(self) -> str | None:
        """Say that the account lacks a role."""
        return self._account.doubt()

    def _ask_for_versions(self, options: Any) -> None:
        url = options.www_authenticate_uri
        if not url:
            return
        try:
            answer = requests.get(
                url,
                timeout=_PATIENCE,
                verify=not options.insecure and (options.cafile or True),
            )
        except requests.RequestException as error:
            text = "Keystone does not answer at www_authenticate_uri"
            raise Away(text, f"{text} ({error})") from error
        if answer.status_code >= 500:
            raise Away(f"Keystone answers {answer.status_code}")


class ConductorsHealth(pluginbase.HealthcheckBaseExtension):
    """Conductors give signs of life, and reach catalogue and source.

    Without them the API still takes what is asked for, and nothing is lost:
    so this tells, and takes the API out of no balancer.
    """

    def __init__(self, oslo_conf: cfg.ConfigOpts, conf: Any):
        """Store the configuration."""
        super().__init__(oslo_conf, conf)
        self._db = session.Database(oslo_conf, retries=0)

    def healthcheck(
        self, server_port: int | None = None
    ) -> pluginbase.HealthcheckResult:
        """Tell how they are."""
        try:
            reason = _told(conductors.known(self._db))
        except exception.DatabaseUnavailable:
            reason = "conductors UNKNOWN: the database tells of them"
        return pluginbase.HealthcheckResult(available=True, reason=reason)


def _told(found: list[conductors.Known]) -> str:
    alive = [each for each in found if each.alive]
    if not alive:
        return (
            f"conductors AWAY: {conductors.silence(found)}. Operations are "
            "accepted and wait"
        )
    # The same of several conductors is said once.
    problems = {
        f"{what.removeprefix('The ')} AWAY: {problem}"
        for each in alive
        for what, problem in each.problems.items()
    }
    return "\n".join(["conductors OK", *sorted(problems)])
