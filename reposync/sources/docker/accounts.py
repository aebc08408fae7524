# SPDX-License-Identifier: Apache-2.0
"""The accounts that an engine is given for registries.

An engine sends the password that it is given, again for each image: one that
a registry has refused is left alone here, too.
"""

from collections.abc import Iterator
import contextlib
import re

from oslo_config import cfg

from reposync import exception
from reposync import reference as ref
from reposync.sources import credentials
from reposync.sources.registry.authentication import (
    accounts as registry_accounts,
)

#: What says that an account is wrong, whatever the repository: Docker Hub;
#: GitLab; Gitea; Artifactory; Quay.  "unauthorized" and "denied" alone may be
#: about one repository: so say Harbor and distribution.
_WRONG = re.compile(
    r"incorrect username or password|http basic: access denied|"
    r"invalid (?:username|user name|password|credentials)|bad credentials|"
    r"could not find robot|personal access token is expired",
    re.IGNORECASE,
)


class Accounts:
    """Gives accounts to an engine; one for all threads."""

    def __init__(self, conf: cfg.ConfigOpts):
        """Begin with nothing known."""
        self._conf = conf
        self._known = registry_accounts.Accounts()

    @contextlib.contextmanager
    def tried(self, reference: ref.Reference) -> Iterator[dict[str, str]]:
        """Give the account for a short request, which may be the first.

        :raises AccountRefused: the registry refuses it, now or lately
        """
        account = self._find(reference)
        if account == credentials.NONE:
            yield {}
            return
        with self._known.turn(reference.registry, account):
            with self._judged(reference, account):
                yield _values(account)
            self._known.trust(reference.registry, account)

    @contextlib.contextmanager
    def used(self, reference: ref.Reference) -> Iterator[dict[str, str]]:
        """Give the account for what may take long.

        :raises AccountRefused: the registry refuses it, now or lately
        """
        account = self._find(reference)
        self._known.check(reference.registry, account)
        with self._judged(reference, account):
            yield _values(account)

    def _find(self, reference: ref.Reference) -> credentials.Credentials:
        return credentials.find(self._conf, reference)

    @contextlib.contextmanager
    def _judged(
        self, reference: ref.Reference, account: credentials.Credentials
    ) -> Iterator[None]:
        try:
            yield
        except exception.RegistryDenied as error:
            wrong = _WRONG.search(error.message)
            if account == credentials.NONE or not wrong:
                raise
            raise self._known.refuse(
                reference.registry, account, wrong[0]
            ) from error


def _values(account: credentials.Credentials) -> dict[str, str]:
    """Give an account as the engine takes it."""
    values = {
        "username": account.user,
        "password": account.password,
        "identitytoken": account.identity_token,
        "registrytoken": account.registry_token,
    }
    return {key: value for key, value in values.items() if value}
