# SPDX-License-Identifier: Apache-2.0
"""Around the whole application: the access log and the form of errors."""

from collections.abc import Callable
from collections.abc import Iterable
import logging
import re
import time
from typing import Any

from oslo_context import context
from oslo_log import log
from oslo_middleware import request_id
import webob

from reposync import context as reposync_context
from reposync.api import errors
from reposync.api import streams
from reposync.api.identity import authentication
from reposync.api.serving import accesslog

LOG = log.getLogger(__name__)

_OPERATIONS = "/v1/operations"
_REQUEST_ID = re.compile(request_id.ID_FORMAT)
_KEPT = ("WWW-Authenticate", "Retry-After", "Allow")


class AccessLog:
    """One line a request, without the query: it may hold a secret.

    Whoever waits looks once a second; that is for ``debug = true``.
    """

    def __init__(self, app: authentication.Wsgi):
        """Store the application."""
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Log when the answer begins."""
        begun = time.monotonic()

        def start(status: str, headers: Any, *rest: Any) -> Any:
            quiet = status < "400" and _is_look(environ)
            accesslog.write(
                environ.get("REMOTE_ADDR", "-"),
                environ.get("REQUEST_METHOD", "-"),
                environ.get("PATH_INFO", ""),
                status.partition(" ")[0],
                environ.get("openstack.request_id", "-"),
                time.monotonic() - begun,
                logging.DEBUG if quiet else logging.INFO,
            )
            return start_response(status, headers, *rest)

        return self._app(environ, start)


def _is_look(environ: dict[str, Any]) -> bool:
    """Tell whether somebody who waits looks at operations once more."""
    path = environ.get("PATH_INFO", "")
    parts = path == _OPERATIONS and "parent=" in environ.get(
        "QUERY_STRING", ""
    )
    one = path.startswith(f"{_OPERATIONS}/")
    return environ.get("REQUEST_METHOD") == "GET" and (one or parts)


class Context:
    """Gives the thread the request's id, until more is known of it.

    The one of the request that the thread served before must not stay.
    """

    def __init__(self, app: authentication.Wsgi):
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

    def __init__(self, app: authentication.Wsgi):
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

    def __init__(self, app: authentication.Wsgi):
        """Store the application."""
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Let a good answer pass, and replace a foreign error."""
        held: list[webob.Response] = []

        def start(status: str, headers: Any, *rest: Any) -> Any:
            if status < "400":
                return start_response(status, headers, *rest)
            held.append(webob.Response(status=status, headerlist=headers))
            return held[-1].write

        made = environ.get(request_id.ENV_REQUEST_ID)
        try:
            body = self._app(environ, start)
            if not held:
                return body
            answer = held[-1]
            answer.body = b"".join(body)
        except UnicodeDecodeError:
            answer = errors.from_status(400, made)
        except webob.exc.HTTPException as error:
            answer = errors.from_status(error.status_int, made)
        except Exception:
            LOG.exception("A request failed unexpectedly")
            answer = errors.from_status(500, made)
        if not errors.is_envelope(answer):
            foreign = answer
            answer = errors.from_status(
                foreign.status_int, made, _why(foreign, environ)
            )
            for name in _KEPT:
                if name in foreign.headers:
                    answer.headers[name] = foreign.headers[name]
        return answer(environ, start_response)


def _why(answer: webob.Response, environ: dict[str, Any]) -> str | None:
    """Ask why Keystone did not check a token, if it did not."""
    if answer.status_int != 503 or "reposync.why" not in environ:
        return None
    why = f"{environ['reposync.why']()}. Try again later"
    LOG.error("%s", why)
    return why


class RequestId:
    """Gives each request an id, as oslo.middleware's class of this name does.

    That one builds a request and an answer around every call, which takes
    longer than to accept a notification.
    """

    def __init__(self, app: authentication.Wsgi):
        """Store the application."""
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Put the id into the environment and onto the answer."""
        shown = environ.get("HTTP_X_OPENSTACK_REQUEST_ID", "")
        if _REQUEST_ID.fullmatch(shown):
            environ[request_id.GLOBAL_REQ_ID] = shown
        made = context.generate_request_id()
        environ[request_id.ENV_REQUEST_ID] = made

        def start(status: str, headers: Any, *rest: Any) -> Any:
            header = (request_id.HTTP_RESP_HEADER_REQUEST_ID, made)
            return start_response(status, [*headers, header], *rest)

        return self._app(environ, start)


class Where:
    """Goes through a middleware only where it has something to do.

    :param concerned: tells by the environment whether it has
    :param middleware: the application behind the middleware
    :param app: the application
    """

    def __init__(
        self,
        concerned: Callable[[dict[str, Any]], bool],
        middleware: authentication.Wsgi,
        app: authentication.Wsgi,
    ):
        """Store both ways."""
        self._concerned = concerned
        self._middleware = middleware
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Choose the way."""
        app = self._middleware if self._concerned(environ) else self._app
        return app(environ, start_response)


def from_browser(environ: dict[str, Any]) -> bool:
    """Tell whether a request is one that CORS is about."""
    return "HTTP_ORIGIN" in environ or environ["REQUEST_METHOD"] == "OPTIONS"


def may_be_longer(length: int) -> Callable[[dict[str, Any]], bool]:
    """Make a test for bodies that do not say that they are short enough."""

    def test(environ: dict[str, Any]) -> bool:
        stated = environ.get("CONTENT_LENGTH") or ""
        return not (stated.isdecimal() and int(stated) <= length)

    return test
