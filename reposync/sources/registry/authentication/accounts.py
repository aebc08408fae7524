# SPDX-License-Identifier: Apache-2.0
"""Which accounts may be used, and by how many threads at once.

A host that refuses an account is not asked with it again for a while: GitLab
bans an address after some wrong passwords, and a synchronisation would send
one for each of its images.  An account that nobody has used lately is tried
by one thread while the others wait for what comes of it.
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import datetime
import threading
import time

from reposync import context
from reposync import exception
from reposync.sources import credentials
from reposync.sources import errors
from reposync.sources import recent

#: Seconds a refused account is left alone.
LEFT_ALONE = 10 * 60.0
#: Seconds after a success in which all threads may use an account.
_TRUSTED = 5.0
_MOST_KNOWN = 1000


@dataclasses.dataclass(slots=True)
class _State:
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)
    trusted_until: float = 0.0
    left_until: float = 0.0
    said: str = ""
    version: str = ""
    failures: int = 0
    failure: exception.SourceError | None = None


class Accounts:
    """What hosts think of accounts; one for all threads."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._states: recent.Recent[
            tuple[str, credentials.Credentials], _State
        ] = recent.Recent(_MOST_KNOWN)

    def check(self, host: str, account: credentials.Credentials) -> None:
        """Refuse to use an account that a host has refused lately.

        :param host: the registry or its token server
        :raises AccountRefused: it is left alone
        """
        state = self._state(host, account)
        changed = state.version != account.version
        if not changed and time.monotonic() < state.left_until:
            raise AccountRefused(state.said)

    @contextlib.contextmanager
    def turn(
        self, host: str, account: credentials.Credentials
    ) -> Iterator[None]:
        """Use an account in a request.

        :raises AccountRefused: the host has refused it, now or lately
        :raises SourceError: another thread waited for the same, in vain
        """
        self.check(host, account)
        state = self._state(host, account)
        if time.monotonic() < state.trusted_until:
            yield
            return
        failures = state.failures
        with contextlib.ExitStack() as stack:
            context.acquire(state.lock)
            stack.callback(state.lock.release)
            self.check(host, account)
            if state.failure and state.failures != failures:
                raise _again(state.failure)
            if time.monotonic() < state.trusted_until:
                stack.close()
            try:
                yield
            except (
                exception.SourceUnavailable,
                exception.RateLimited,
            ) as error:
                state.failure = error
                state.failures += 1
                raise

    def trust(self, host: str, account: credentials.Credentials) -> None:
        """Note that a host takes an account."""
        state = self._state(host, account)
        state.trusted_until = time.monotonic() + _TRUSTED

    def refuse(
        self, host: str, account: credentials.Credentials, said: str
    ) -> "AccountRefused":
        """Note that a host refuses an account; gives the error to raise.

        :param said: in the host's own words
        """
        at = datetime.datetime.now(datetime.UTC)
        at += datetime.timedelta(seconds=LEFT_ALONE)
        who = f"account {account.user}" if account.user else "token"
        state = self._state(host, account)
        state.said = (
            f"{host} refuses the {who} of {account.place} "
            f"({errors.shorten(said)}). Correct it there. It is left alone "
            f"until {at:%Y-%m-%dT%H:%M:%SZ} or until it changes"
        )
        state.version = account.version
        state.trusted_until = 0.0
        state.left_until = time.monotonic() + LEFT_ALONE
        return AccountRefused(state.said)

    def _state(self, host: str, account: credentials.Credentials) -> _State:
        return self._states.setdefault((host, account), _State())


class AccountRefused(exception.RegistryDenied):
    """An account is refused, whatever the image."""


def _again(error: exception.SourceError) -> exception.SourceError:
    return type(error)(error.message, retry_after=error.retry_after)
