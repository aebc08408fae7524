# SPDX-License-Identifier: Apache-2.0
"""Makes what is sent as ``Authorization``, and keeps tokens."""

import dataclasses
import re
import time
import urllib.parse

from oslo_config import cfg

from reposync import exception
from reposync import reference as ref
from reposync.sources import credentials
from reposync.sources import recent
from reposync.sources.registry.authentication import accounts
from reposync.sources.registry.authentication import challenges
from reposync.sources.registry.authentication import refusals
from reposync.sources.registry.authentication import scopes
from reposync.sources.registry.authentication import token_server
from reposync.sources.registry.transport import hosts
from reposync.sources.registry.transport import throttle

_MOST_KEPT = 1000
#: Seconds a token must last to be used once more.
_MARGIN = 10.0

_Key = tuple[object, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Login:
    """What is sent to log in.

    :ivar is_direct: whether it holds the account itself, not a token
    """

    header: str | None = None
    account: credentials.Credentials = credentials.NONE
    is_direct: bool = False


class Logins:
    """Answers challenges; one for all threads.

    :ivar accounts: those that may be used
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        transport: hosts.Hosts,
        governors: throttle.Governors,
    ):
        """Begin with no token."""
        self._conf = conf
        self._governors = governors
        self.accounts = accounts.Accounts()
        self._servers = token_server.TokenServers(
            transport, conf.registry.read_timeout
        )
        self._tokens: recent.Recent[_Key, tuple[str, float]] = recent.Recent(
            _MOST_KEPT
        )

    def make(
        self,
        endpoint: hosts.Endpoint,
        reference: ref.Reference,
        challenge: challenges.Challenge,
        refused: str | None = None,
    ) -> Login:
        """Answer a challenge.

        :param refused: the header that was sent, in vain
        :returns: without a header where there is no account for it
        :raises AccountRefused: the account has been refused lately
        :raises Unusable: another challenge may be answered
        :raises RegistryDenied: the account may not read the image
        :raises RateLimited: the token server asks to wait
        :raises SourceUnavailable: it gives no token
        """
        account = self._account(endpoint, reference)
        if account.registry_token:
            if not re.fullmatch("[!-~]+", account.registry_token):
                raise exception.RegistryDenied(
                    f"The registrytoken of {endpoint.name} in "
                    f"{account.place} cannot be sent in a header"
                )
            header = f"Bearer {account.registry_token}"
            return Login(header, account, is_direct=True)
        if challenge.scheme == "basic":
            if not account.user or account.identity_token:
                return Login()
            return Login(token_server.basic(account), account, is_direct=True)
        wanted = token_server.Request(
            endpoint,
            str(reference),
            challenge,
            scopes.of(endpoint.here(reference), challenge),
            account,
        )
        return Login(f"Bearer {self._token(wanted, refused)}", account)

    def has_account(
        self, endpoint: hosts.Endpoint, reference: ref.Reference
    ) -> bool:
        """Tell whether there is an account for an image.

        :raises RegistryDenied: credentials cannot be read
        """
        return self._account(endpoint, reference) != credentials.NONE

    def _token(self, wanted: token_server.Request, refused: str | None) -> str:
        account = wanted.account
        realm, service = wanted.challenge.realm, wanted.challenge.service
        key = wanted.endpoint.url, realm, service, wanted.scopes, account
        address = self._servers.address(wanted)
        host = urllib.parse.urlsplit(address).netloc
        found = self._fresh(key, refused)
        if found:
            return found
        limits = self._governors.of(wanted.endpoint.name)
        with self.accounts.turn(host, account):
            # Whoever held the turn before may have asked for the same.
            found = self._fresh(key, refused)
            if found:
                return found
            limits.wait_turn()
            try:
                token = self._servers.get(wanted)
            except refusals.Refused as error:
                raise error.judge(
                    host, wanted.name, account, self.accounts, limits
                ) from error
            self.accounts.trust(host, account)
            until = time.monotonic() + token.lifetime - _MARGIN
            self._tokens.put(key, (token.value, until))
        return token.value

    def _fresh(self, key: _Key, refused: str | None) -> str | None:
        token, until = self._tokens.get(key) or ("", 0.0)
        good = time.monotonic() < until and f"Bearer {token}" != refused
        return token if good else None

    def _account(
        self, endpoint: hosts.Endpoint, reference: ref.Reference
    ) -> credentials.Credentials:
        # A mirror gets its own credentials, never those of the registry.
        return credentials.find(self._conf, endpoint.here(reference))
