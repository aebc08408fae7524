# SPDX-License-Identifier: Apache-2.0
"""What happens around every call inside Pecan."""

from typing import Any

from pecan import hooks
import webob.exc

from reposync import context as reposync_context
from reposync import exception
from reposync.api import errors
from reposync.api import services as api_services


class ServicesHook(hooks.PecanHook):
    """Gives controllers the caller, and what they work with."""

    priority = 10

    def __init__(self, services: api_services.Services):
        """Store the services."""
        self._services = services

    def on_route(self, state: Any) -> None:
        """Put both onto the request."""
        request = state.request
        request.services = self._services
        request.caller = reposync_context.RequestContext.from_environ(
            request.environ
        )


class ErrorHook(hooks.PecanHook):
    """Renders errors of this service and of HTTP alike."""

    priority = 20

    def on_error(self, state: Any, error: Exception) -> Any:
        """Make the answer; what nobody foresaw goes on to the middleware."""
        request_id = state.request.environ.get("openstack.request_id")
        if isinstance(error, exception.ReposyncError):
            return errors.from_exception(error, request_id)
        if isinstance(error, webob.exc.HTTPException):
            answer = errors.from_status(error.status_int, request_id)
            if "Allow" in error.headers:
                answer.headers["Allow"] = error.headers["Allow"]
            return answer
        return None
