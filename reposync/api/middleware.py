# SPDX-License-Identifier: Apache-2.0
"""Around the whole application: the access log and the form of errors."""

from collections.abc import Iterable
import time
from typing import Any

from oslo_log import log
import webob

from reposync import context as reposync_context
from reposync.api import auth
from reposync.api import errors
from reposync.api import streams

LOG = log.getLogger(__name__)

_KEPT = ("WWW-Authenticate", "Retry-After", "Allow")


class AccessLog:
    """One line a request, without the query: it may hold a secret."""

    def __init__(self, app: auth.Wsgi):
        """Store the application."""
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Log when the answer begins."""
        begun = time.monotonic()

        def start(status: str, headers: Any, *rest: Any) -> Any:
            LOG.info(
                '%s "%s %s" %s %.3f s [%s]',
                environ.get("REMOTE_ADDR", "-"),
                environ.get("REQUEST_METHOD"),
                environ.get("PATH_INFO"),
                status.partition(" ")[0],
                time.monotonic() - begun,
                environ.get("openstack.request_id", "-"),
            )
            return start_response(status, headers, *rest)

        return self._app(environ, start)


class Context:
    """Gives the thread the request's id, until more is known of it.

    The one of the request that the thread served before must not stay.
    """

    def __init__(self, app: auth.Wsgi):
        """Store the application."""
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Make a new context."""
        reposync_context.RequestContext(
            request_id=environ.get("openstack.request_id"),
            global_request_id=environ.get("openstack.global_request_id"),
        )
        return self._app(environ, start_response)


class Covered:
    """Keeps from Pecan what it would handle in its own way.

    It refuses an ``Accept`` it cannot render, while everything here is JSON.
    It parses a JSON body before any controller runs, while a webhook's must
    not be looked at before its secret was.  And it reads a body to its end
    to see whether there is one, which for a stream would be too late.
    """

    def __init__(self, app: auth.Wsgi):
        """Store the application."""
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Cover two headers, and bring a stream in behind Pecan."""
        environ["reposync.accept"] = environ.pop("HTTP_ACCEPT", "")
        content_type = environ.pop("CONTENT_TYPE", "")
        environ["reposync.content_type"] = content_type
        environ["CONTENT_TYPE"] = "application/octet-stream"

        def start(status: str, headers: Any, *rest: Any) -> Any:
            if "reposync.stream" in environ:
                status = "200 OK"
                headers = [
                    (name, value)
                    for name, value in headers
                    if not name.lower().startswith("content-")
                ]
                headers.append(("Content-Type", streams.MEDIA_TYPE))
                headers.append(("X-Accel-Buffering", "no"))
            return start_response(status, headers, *rest)

        body = self._app(environ, start)
        stream: Iterable[bytes] = environ.pop("reposync.stream", body)
        return stream


class OneEnvelope:
    """Gives every error the same form, whoever made it."""

    def __init__(self, app: auth.Wsgi):
        """Store the application."""
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Look at the answer, and replace it if it is a foreign error."""
        request = webob.Request(environ)
        request_id = environ.get("openstack.request_id")
        try:
            answer = request.get_response(self._app)
        except UnicodeDecodeError:
            answer = errors.from_status(400, request_id)
        except webob.exc.HTTPException as error:
            answer = errors.from_status(error.status_int, request_id)
        except Exception:
            LOG.exception("A request failed unexpectedly")
            answer = errors.from_status(500, request_id)
        if answer.status_int >= 400 and not errors.is_envelope(answer):
            foreign = answer
            answer = errors.from_status(foreign.status_int, request_id)
            for name in _KEPT:
                if name in foreign.headers:
                    answer.headers[name] = foreign.headers[name]
        return answer(environ, start_response)
