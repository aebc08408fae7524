# SPDX-License-Identifier: Apache-2.0
"""Who asks, under which request id, and for which operation.

oslo.log puts the context of a thread onto each of its lines: the request id,
and as ``resource_uuid`` the id of the operation the thread works on.
"""

from collections.abc import Callable
from typing import ParamSpec
from typing import TypeVar

from oslo_context import context

P = ParamSpec("P")
R = TypeVar("R")


class RequestContext(context.RequestContext):
    """The context of one request, made by authentication's headers.

    One that is made becomes that of the thread.
    """


def enter(
    operation_id: str,
    *,
    request_id: str | None,
    project_id: str | None,
    user_id: str | None,
) -> RequestContext:
    """Let this thread work on an operation, in the name of who asked."""
    return RequestContext(
        resource_uuid=operation_id,
        request_id=request_id,
        project_id=project_id,
        user_id=user_id,
    )


def leave() -> None:
    """Let this thread work for nobody."""
    # oslo.context has no other way; its own fixture does the same.
    context._request_store.__dict__.pop("context", None)


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
