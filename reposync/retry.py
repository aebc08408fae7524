# SPDX-License-Identifier: Apache-2.0
"""What is tried again, how often and after how long: one policy for all.

What fails on the way, at a proxy, a load balancer or in storage, may be
another thing in a second; what is wrong with the request never is.  The
statuses come from what vendors and RFCs document; a status that nobody here
knows counts as the first one of its class (RFC 9110, section 15): an unknown
5xx is tried again, an unknown 4xx is not.
"""

import enum
import random

from reposync import exception

#: Shorter pauses are sat out; for longer ones the operation goes back.
PATIENCE = 5.0
#: Where a limit is used up and nobody says when it is not any more.
MOMENT = 1.0
#: The longest wait for a limit whose window slides, such as Docker Hub's of
#: six hours: a slot comes free any time.
PAUSE = 15 * 60.0
#: However long a server asks to wait, it is asked again after this.
LONGEST_PAUSE = 6 * 3600.0

_FIRST_REQUEST = 0.25
_LONGEST_OPERATION = 15 * 60.0
#: How often a callback is made, and seconds before the second time.
CALLS = 5
FIRST_CALL = 60.0

#: A download may break so often for each of its attempts, and once more for
#: each piece of this length that it brought.
_BREAKS = 10
_WORTH = 64 * 1024


class Verdict(enum.Enum):
    """What an answer means for the same request, sent once more."""

    AGAIN = "again"
    LIMIT = "limit"
    FINAL = "final"


#: 408 RFC 9110, GCS, HAProxy; 421 RFC 9110 (another connection may do); 423
#: RFC 4918 (somebody else's lock); 425 RFC 8470; 444 and 499 nginx, seen
#: through another proxy; 460 and 463 AWS load balancers.
_AGAIN = frozenset({408, 421, 423, 425, 444, 460, 463, 499})
#: Not what a server cannot do today, but what it never could.
_NEVER = frozenset({501, 505, 506, 510})

#: Words of registries (distribution's and OCI's), of S3, of Azure's storage
#: and of GitLab that weigh more than the status they come with.
_CODES = {
    "TOOMANYREQUESTS": Verdict.LIMIT,
    "SLOWDOWN": Verdict.AGAIN,
    "UNAVAILABLE": Verdict.AGAIN,
    "UNKNOWN": Verdict.AGAIN,
    "RENAME_IN_PROGRESS": Verdict.AGAIN,
    "REQUESTTIMEOUT": Verdict.AGAIN,
    "INTERNALERROR": Verdict.AGAIN,
    "SERVICEUNAVAILABLE": Verdict.AGAIN,
    "OPERATIONABORTED": Verdict.AGAIN,
    "OPERATIONTIMEDOUT": Verdict.AGAIN,
    "SERVERBUSY": Verdict.AGAIN,
}
#: Said with these, a word changes nothing.
_PLAIN = frozenset({401, 404})


def verdict(status: int, code: str = "") -> Verdict:
    """Judge an answer.

    :param status: 300 or more
    :param code: the server's own word for the error, if it gave one
    """
    if status not in _PLAIN and code.upper() in _CODES:
        return _CODES[code.upper()]
    if status == 429:
        return Verdict.LIMIT
    if status in _AGAIN or (500 <= status < 600 and status not in _NEVER):
        return Verdict.AGAIN
    return Verdict.FINAL


def request_delay(attempt: int) -> float:
    """Give the seconds after a failed attempt at a request."""
    longest = min(_FIRST_REQUEST * 2.0 ** min(attempt, 10), PATIENCE)
    return random.uniform(longest / 2, longest)  # noqa: S311 (not a secret)


def limit_delay(refusals: int) -> float:
    """Give the seconds after a refusal that names no time itself.

    :param refusals: how many came in a row
    """
    return min(PATIENCE * 2.0 ** min(refusals - 1, 10), PAUSE)


def may_repeat(
    error: exception.ReposyncError, attempt: int, allowed: int
) -> bool:
    """Tell whether an operation is begun once more after an error."""
    if isinstance(error, exception.RegistryBehind):
        # It ends by itself.
        return True
    return error.retryable and attempt < allowed


def counts(error: exception.ReposyncError) -> bool:
    """Tell whether an attempt at an operation counts as one.

    A registry's limit, or lag, is no fault of the image.
    """
    blameless = exception.RateLimited, exception.RegistryBehind
    return not isinstance(error, blameless)


def operation_delay(
    attempt: int, first: float, asked: float | None = None
) -> float:
    """Give the seconds until an operation is begun once more.

    :param attempt: the one that failed, from 1
    :param first: seconds after the first
    :param asked: what the other side asked for
    """
    if asked is not None:
        return min(max(asked, 1.0), LONGEST_PAUSE)
    delay = min(first * 2.0 ** min(attempt - 1, 20), _LONGEST_OPERATION)
    return delay * random.uniform(1, 1.25)  # noqa: S311 (not a secret)


def takeover_delay(attempt: int, first: float) -> float:
    """Give the seconds until what a dead conductor held is begun again.

    At once the first time.  Later ones may have killed the conductor, and
    what runs beside them then shall get time to end.
    """
    if attempt < 2:
        return 0.0
    return min(first * 2.0 ** min(attempt - 2, 20), _LONGEST_OPERATION)


def call_delay(attempt: int, first: float) -> float:
    """Give the seconds until a callback is tried once more.

    :param attempt: the number of those before, from 0
    """
    return first * 2.0**attempt


class Download:
    """Tells whether a download that broke off shall go on.

    Progress is the furthest byte that was reached, not what comes once more:
    a cache that breaks at the same byte each time makes none.  A server that
    gives a byte with each request makes some, but not for ever.
    """

    def __init__(self, attempts: int, done: int = 0):
        """Begin.

        :param attempts: requests in a row that may bring nothing new
        :param done: bytes that are there already
        """
        self._attempts = attempts
        self._furthest = self._since = done
        self._fruitless = 0
        self._breaks = 0

    def reached(self, byte: int) -> None:
        """Note how far it has come."""
        self._furthest = max(self._furthest, byte)

    def broke(self) -> bool:
        """Note that it broke off; tells whether it is to be given up."""
        self._breaks += 1
        if self._furthest > self._since:
            self._fruitless = 0
        else:
            self._fruitless += 1
        self._since = self._furthest
        allowed = _BREAKS * self._attempts + self._furthest // _WORTH
        return self._fruitless >= self._attempts or self._breaks > allowed

    def delay(self) -> float:
        """Give the seconds until it goes on."""
        return request_delay(self._fruitless)
