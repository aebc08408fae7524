# SPDX-License-Identifier: Apache-2.0
"""Whether Keystone lets the service check tokens, and why not."""

import threading
import time
from typing import Any

from keystoneauth1 import exceptions
from keystoneauth1 import loading
from keystoneauth1 import session
from oslo_config import cfg

_GROUP = "keystone_authtoken"
#: Seconds until a server that does not answer counts as away.
_PATIENCE = 2.0
#: Seconds that a good login counts, and a refused one: Keystone locks
#: accounts out that are tried too often.
_WELL, _REFUSED = 300.0, 60.0
#: Seconds that it counts that Keystone does not answer.
_AWAY = 5.0
_REFUSAL = (
    f"Keystone refuses the account in [{_GROUP}]: look at user, password, "
    "project and their domains"
)
#: One of these lets an account check the tokens of others.
_ROLES = frozenset(("service", "admin"))


class Account:
    """The account of ``[keystone_authtoken]``; one for a process."""

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        self._conf = conf
        self._lock = threading.Lock()
        self._until = 0.0
        self._problem: str | None = None
        self._roles: frozenset[str] = _ROLES

    def problem(self) -> str | None:
        """Say in a line why it cannot log in; None if it can."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._problem = self._look()
                pause = _AWAY if self._problem else _WELL
                pause = _REFUSED if self._problem == _REFUSAL else pause
                self._until = time.monotonic() + pause
            return self._problem

    def why(self) -> str:
        """Say in a line why it could not check a token, as far as known."""
        problem = self.problem()
        if problem:
            return f"Tokens cannot be checked: {problem}"
        return self.doubt() or "Keystone, which checks tokens, does not answer"

    def doubt(self) -> str | None:
        """Say in a line why it may not check tokens, though it logs in.

        It may all the same where the site has changed Keystone's policy.
        """
        if not _ROLES.isdisjoint(self._roles):
            return None
        return (
            f"Keystone may not let the account in [{_GROUP}] check tokens: "
            "it has neither the role service nor admin in its project"
        )

    def _look(self) -> str | None:
        conf = self._conf
        options = conf[_GROUP]
        try:
            auth: Any = loading.load_auth_from_conf_options(conf, _GROUP)
            if auth is None:
                return f"[{_GROUP}] auth_type is not set; it is password"
            made = session.Session(
                auth=auth,
                timeout=_PATIENCE,
                verify=not options.insecure and (options.cafile or True),
            )
            self._roles = frozenset(auth.get_access(made).role_names)
        except exceptions.ClientException as error:
            return explain(error)
        return None


def explain(error: exceptions.ClientException) -> str:
    """Say in a line what is wrong and what to do, naming nobody."""
    for kind, text in _ADVICE:
        if isinstance(error, kind):
            return text
    return f"[{_GROUP}] cannot be used ({type(error).__name__})"


_ADVICE = (
    (
        (exceptions.Unauthorized, exceptions.Forbidden),
        _REFUSAL,
    ),
    (
        exceptions.NoMatchingPlugin,
        f"[{_GROUP}] auth_type names no way to log in; it is password",
    ),
    (
        exceptions.MissingRequiredOptions,
        f"[{_GROUP}] is incomplete: look at auth_url, username, password, "
        "project_name, user_domain_name and project_domain_name",
    ),
    (
        (
            exceptions.DiscoveryFailure,
            exceptions.EndpointNotFound,
            exceptions.NotFound,
        ),
        f"there is no Keystone with version 3 at [{_GROUP}] auth_url; it is "
        "such as http://keystone.example.org:5000/v3",
    ),
    (
        exceptions.SSLError,
        f"Keystone's certificate is not good, or it speaks no TLS: look at "
        f"[{_GROUP}] cafile and auth_url",
    ),
    (
        exceptions.ConnectionError,
        f"Keystone does not answer at [{_GROUP}] auth_url",
    ),
)
