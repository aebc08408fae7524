# SPDX-License-Identifier: Apache-2.0
"""Who asks, under which request id, and for which operation.

oslo.log puts the context of a thread onto each of its lines: the request id,
and as ``resource_uuid`` the id of the operation the thread works on.
"""

from collections.abc import Callable
import threading
import time
from typing import ParamSpec
from typing import TypeVar

from oslo_context import context

P = ParamSpec("P")
R = TypeVar("R")

#: How long a sleeper needs to notice that its work has to end.
_TICK = 1.0


class RequestContext(context.RequestContext):
    """The context of one request, made by authentication's headers.

    One that is made becomes that of the thread.

    :ivar check: raises if the work that is done in its name has to end
    """

    check: Callable[[], None] | None = None


def enter(
    operation_id: str,
    *,
    request_id: str | None,
    project_id: str | None,
    user_id: str | None,
    check: Callable[[], None] | None = None,
) -> RequestContext:
    """Let this thread work on an operation, in the name of who asked.

    :param check: see `RequestContext`
    """
    entered = RequestContext(
        resource_uuid=operation_id,
        request_id=request_id,
        project_id=project_id,
        user_id=user_id,
    )
    entered.check = check
    return entered


def leave() -> None:
    """Let this thread work for nobody."""
    nobody = RequestContext(request_id="none")
    # oslo.log shows no ids then; it would make one up if none were given.
    nobody.request_id = ""


def checker() -> Callable[[], None] | None:
    """Give what tells whether this thread's work has to end, if any."""
    return getattr(context.get_current(), "check", None)


def sleep(seconds: float) -> None:
    """Wait, but not for longer than the work of this thread may go on.

    :raises ReposyncError: whatever ended it
    """
    check = checker()
    until = time.monotonic() + seconds
    while (rest := until - time.monotonic()) > 0:
        if check is not None:
            check()
        time.sleep(min(rest, _TICK))


def acquire(lock: "threading.Lock | threading.Semaphore") -> None:
    """Wait for a lock, but not longer than the work of this thread may go on.

    :raises ReposyncError: whatever ended it
    """
    check = checker()
    while not lock.acquire(timeout=_TICK):
        if check is not None:
            check()


def carried(function: Callable[P, R]) -> Callable[P, R]:
    """Take the context of this thread along into another one.

    :param function: what the other thread will call
    """
    current = context.get_current()

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if current is not None:
            current.update_store()
        return function(*args, **kwargs)

    return run
