# SPDX-License-Identifier: Apache-2.0
"""Who is asking: tokens of Keystone, or one shared secret."""

from collections.abc import Callable
from collections.abc import Iterable
import hmac
import os
from pathlib import Path
from typing import Any

from keystoneauth1 import exceptions
from keystonemiddleware import auth_token
from oslo_config import cfg
import webob.exc

from reposync import consistency
from reposync import permissions
from reposync import secret_words
from reposync.api.identity import keystone

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]

_PROJECT = "reposync"
_USER = "token"
_ROLES = "admin,manager,member,reader"

#: Paths for everybody: discovery, the description of the API, and webhooks,
#: which authenticate by themselves.
_OPEN = ("", "/v1", "/v1/openapi.json", "/v1/notify")

#: Headers that tell who is asking; they come from the middleware only.
_IDENTITY = (
    "HTTP_X_IDENTITY",
    "HTTP_X_USER",
    "HTTP_X_PROJECT",
    "HTTP_X_DOMAIN",
    "HTTP_X_TENANT",
    "HTTP_X_ROLE",
    "HTTP_X_SERVICE",
    "HTTP_X_IS_ADMIN",
    "HTTP_X_AUTHORIZATION",
    "HTTP_OPENSTACK_SYSTEM_SCOPE",
)


class BadSecret(Exception):
    """The shared secret is missing, too short or open to others.

    Or the account that checks tokens is none.
    """


def make(app: Wsgi, conf: cfg.ConfigOpts) -> Wsgi:
    """Put authentication before an application.

    :raises BadSecret: there is no good secret for the strategy ``token``
    """
    if conf.api.auth_strategy == "token":
        strict: Wsgi = TokenAuth(app, read_secret(conf))
    else:
        strict = Explained(_keystone(app, conf), keystone.Account(conf))
    return Gate(strict, app)


def _keystone(app: Wsgi, conf: cfg.ConfigOpts) -> Wsgi:
    try:
        made: Wsgi = auth_token.AuthProtocol(app, {"oslo_config_config": conf})
    except consistency.REFERS as error:
        raise BadSecret(
            f"[keystone_authtoken] password: {consistency.DOLLAR}"
        ) from error
    except exceptions.ClientException as error:
        raise BadSecret(f"{keystone.explain(error)} ({error})") from error
    return made


def read_secret(conf: cfg.ConfigOpts) -> str:
    """Find the shared secret.

    :raises BadSecret: it is missing, too short or open to others
    """
    secret, path = conf.api.token, conf.api.token_file
    if not secret and path:
        try:
            found = os.stat(path)
            if found.st_mode & 0o077:
                raise BadSecret(f"Others can read {path}: chmod 600 {path}")
            if not permissions.is_trusted(found):
                raise BadSecret(f"{path} belongs to another account: chown it")
            secret = Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadSecret(
                f"{path} cannot be read: {error.strerror}"
            ) from error
    if not secret or secret_words.is_short(secret):
        raise BadSecret(
            "auth_strategy = token needs [api] token or token_file with at "
            f"least {secret_words.SHORTEST} characters: {secret_words.ADVICE}"
        )
    return str(secret)


class Gate:
    """Lets through without a token what is for everybody."""

    def __init__(self, strict: Wsgi, app: Wsgi):
        """Store both ways."""
        self._strict = strict
        self._app = app

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Choose the way."""
        path = environ.get("PATH_INFO", "").rstrip("/")
        if path in _OPEN or path.startswith("/v1/notify/"):
            forget(environ)
            return self._app(environ, start_response)
        return self._strict(environ, start_response)


class Explained:
    """Lets others say why Keystone did not check a token.

    ``environ["reposync.why"]`` finds it out.
    """

    def __init__(self, app: Wsgi, account: keystone.Account):
        """Store the application."""
        self._app = app
        self._account = account

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Add it to the environment."""
        environ["reposync.why"] = self._account.why
        return self._app(environ, start_response)


class TokenAuth:
    """One secret in ``X-Auth-Token``; whoever knows it may do everything."""

    def __init__(self, app: Wsgi, secret: str):
        """Store the secret."""
        self._app = app
        self._secret = secret.encode()

    def __call__(
        self, environ: dict[str, Any], start_response: Any
    ) -> Iterable[bytes]:
        """Compare in constant time."""
        # WSGI hands bytes on as Latin-1.
        shown = environ.pop("HTTP_X_AUTH_TOKEN", "").encode("latin-1")
        forget(environ)
        if not hmac.compare_digest(shown, self._secret):
            refusal = webob.exc.HTTPUnauthorized()
            refusal.headers["WWW-Authenticate"] = "Token"
            return refusal(environ, start_response)
        environ |= {
            "HTTP_X_USER_ID": _USER,
            "HTTP_X_PROJECT_ID": _PROJECT,
            "HTTP_X_ROLES": _ROLES,
        }
        return self._app(environ, start_response)


def forget(environ: dict[str, Any]) -> None:
    """Drop what a caller claims to be."""
    for name in [key for key in environ if key.startswith(_IDENTITY)]:
        del environ[name]
