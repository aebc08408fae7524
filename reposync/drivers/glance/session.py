# SPDX-License-Identifier: Apache-2.0
"""The connection to Glance, by way of openstacksdk and keystoneauth."""

from collections.abc import Iterator
import contextlib
import threading
from typing import Any

from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import loading
import openstack
from openstack import exceptions as sdk_exceptions
from oslo_config import cfg
import requests

from reposync import consistency
from reposync import exception
from reposync.drivers.glance import errors

GROUP = "glance"
#: Seconds for a connection, and for an answer.
CONNECT = 10
_READ = 60
#: Seconds a token must last so that it is still good when an upload begins.
_FRESH = 300


class GlanceSession:
    """Sends requests with a token; one for all threads.

    Nothing is connected before the first call, so that a process may fork
    after making this.

    :param conf: the configuration; the account is in its group ``glance``
    """

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        self._conf = conf
        self._lock = threading.Lock()
        self._connection: Any = None

    @property
    def project_id(self) -> str | None:
        """The project of the service's account."""
        with translated():
            found = self._connect().current_project_id
        return str(found) if found else None

    def _call(self, method: str, path: str, **kwargs: Any) -> Any:
        kwargs.setdefault("timeout", (CONNECT, _READ))
        with translated():
            try:
                return self._connect().image.request(
                    path, method, raise_exc=False, **kwargs
                )
            except sdk_exceptions.ServiceDisabledException:
                # It would be so for ever: the catalogue is read once.
                self._connection = None
                raise

    def _renew_token(self) -> None:
        with translated():
            session = self._connect().session
            access = session.auth.get_access(session)
            if access.will_expire_soon(_FRESH):
                session.invalidate()

    def _connect(self) -> Any:
        with self._lock:
            if self._connection is None:
                self._connection = self._make()
            return self._connection

    def _make(self) -> Any:
        conf = self._conf
        if conf.glance.cloud:
            return openstack.connection.Connection(cloud=conf.glance.cloud)
        try:
            auth = loading.load_auth_from_conf_options(conf, GROUP)
        except consistency.REFERS as error:
            # Its text has a part of the password.
            raise exception.CatalogueDenied(
                f"[glance] password: {consistency.DOLLAR}"
            ) from error
        session = loading.load_session_from_conf_options(
            conf, GROUP, auth=auth
        )
        return openstack.connection.Connection(
            session=session, oslo_conf=conf, service_types=["image"]
        )


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn what keystoneauth and requests raise into errors of ours."""
    try:
        yield
    except (
        ks_exceptions.CatalogException,
        sdk_exceptions.ServiceDisabledException,
    ) as error:
        raise exception.CatalogueUnsuitable(
            "Keystone names no address of Glance: "
            f"{errors.shorten(str(error))}. Compare region_name and "
            "valid_interfaces in [glance] with the service catalogue, or set "
            "endpoint_override"
        ) from error
    except (
        ks_exceptions.Unauthorized,
        ks_exceptions.MissingAuthPlugin,
        ks_exceptions.MissingRequiredOptions,
        ks_exceptions.AuthPluginException,
        sdk_exceptions.ConfigException,
    ) as error:
        raise exception.CatalogueDenied(
            "Keystone refuses the account in [glance], or it is incomplete "
            f"({type(error).__name__}). Check user, password and project"
        ) from error
    except (
        ks_exceptions.ClientException,
        sdk_exceptions.SDKException,
        requests.RequestException,
    ) as error:
        raise exception.CatalogueUnavailable(
            f"Glance or Keystone does not answer: {errors.shorten(str(error))}"
        ) from error
