# SPDX-License-Identifier: Apache-2.0
"""Judges what a token server says in place of a token.

Whose fault it is decides how much waits for it:

* The account is wrong: 401.  GitLab, Harbor, Docker Hub, Quay, Artifactory
  and Gitea answer so whatever the repository, and the account is left alone.
  The same for a 403 that gives no reason (GitLab, for a banned address), and
  for an identity token that has ended (RFC 6749, section 5.2).
* The account may not see one repository: 403 with the code ``DENIED``, from
  GitLab, GHCR and Google's registries.  Docker Hub, Harbor and Quay give a
  token that is good for nothing then, which the registry refuses.
* Without an account every refusal is about one repository.
"""

import json

from reposync import exception
from reposync import retry
from reposync.sources import credentials
from reposync.sources import errors
from reposync.sources.registry.authentication import accounts
from reposync.sources.registry.transport import hosts
from reposync.sources.registry.transport import rate_limits
from reposync.sources.registry.transport import throttle

_ENDED = ("invalid_grant", "invalid_client", "unauthorized_client")


class Refused(Exception):
    """A token server gives something else than a token.

    :ivar host: which one
    :ivar said: its own words
    """

    def __init__(self, host: str, answer: hosts.Answer, data: bytes):
        """Read what it says."""
        super().__init__(host)
        self.host = host
        self.status = answer.status
        self.code = _code(data)
        text = errors.token_text(data) or errors.phrase(answer.status)
        self.said = f"{answer.status}: {text}".rstrip(": ")
        self.retry_after = rate_limits.retry_after(answer.headers)
        self._budget = rate_limits.budget(answer.headers)

    @property
    def is_limit(self) -> bool:
        """Whether the server wants to be left alone for a while."""
        if retry.verdict(self.status, self.code) is retry.Verdict.LIMIT:
            return True
        return self.status in (403, 503) and self.retry_after is not None

    @property
    def _pause(self) -> float | None:
        """Seconds it asks to wait, in any way; None if it does not."""
        if self.retry_after is None and self._budget is not None:
            return self._budget.pause or None
        return self.retry_after

    @property
    def is_final(self) -> bool:
        """Whether the same request gets the same answer again."""
        return self.status in (400, 401, 403)

    @property
    def blames_account(self) -> bool:
        """Whether the account is refused, whatever it asks for."""
        return (
            self.status == 401
            or (self.status == 403 and self.code != "DENIED")
            or (self.status == 400 and self.code in _ENDED)
        )

    def judge(
        self,
        host: str,
        name: str,
        account: credentials.Credentials,
        known: accounts.Accounts,
        limits: throttle.Governor,
    ) -> exception.SourceError:
        """Give the error to raise, and let others know.

        :param host: where the account is used, as `known` has it
        :param name: of the image
        """
        said = f"{self.host} gives no token: {self.said}"
        if self.is_limit:
            pause = limits.refuse(self._pause, said)
            return errors.rate_limited(said, pause)
        if not self.is_final:
            return exception.SourceUnavailable(errors.shorten(said))
        if account == credentials.NONE:
            known.trust(host, account)
            return exception.RegistryDenied(
                f"{self.host} gives no token for {name} without an account "
                f"({errors.shorten(self.said)}). Give credentials for it in "
                "[registry] auth_file"
            )
        if self.blames_account:
            return known.refuse(host, account, self.said)
        known.trust(host, account)
        return exception.RegistryDenied(
            f"{self.host} does not let the account {account.user} of "
            f"{account.place} read {name} ({errors.shorten(self.said)})"
        )


def _code(data: bytes) -> str:
    """Find the code of an error, in the form of registries or of OAuth."""
    try:
        values = json.loads(data)
        if isinstance(values.get("error"), str):
            return str(values["error"])
        return str(values["errors"][0]["code"])
    except (
        AttributeError,
        IndexError,
        KeyError,
        RecursionError,
        TypeError,
        ValueError,
    ):
        return ""
