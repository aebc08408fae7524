# SPDX-License-Identifier: Apache-2.0
"""Glance's Image API v2, by way of openstacksdk.

https://docs.openstack.org/api-ref/image/v2/
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
import contextlib
import threading
from typing import Any

from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import loading
import openstack
from openstack import exceptions as sdk_exceptions
from oslo_config import cfg
import requests

from reposync import exception
from reposync.drivers import glance_errors

GROUP = "glance"
_CONNECT = 10
_READ = 60
#: Seconds a token must last so that it is still good when an upload begins.
_FRESH = 300
_PAGE = 500
_PATCH = "application/openstack-images-v2.1-json-patch"

Record = dict[str, Any]


class GlanceClient:
    """Calls Glance; one for all threads.

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

    def schema(self) -> Record:
        """Show what an image may look like in this cloud."""
        return self._json(self._call("GET", "/schemas/image"))

    def images(self, **query: str) -> Iterator[Record]:
        """List images, newest first, page by page.

        An image that is deleted meanwhile does not end the list.

        :raises ImageNotFound: the marker is unknown
        """
        query = {
            "sort": "created_at:desc,id:desc",
            "limit": str(_PAGE),
        } | query
        earlier: list[str] = []
        while True:
            answer = self._call("GET", "/images", params=query)
            if answer.status_code == 400 and earlier:
                # The last one is gone: go on after the one before it.
                query["marker"] = earlier.pop()
                continue
            if answer.status_code == 400 and "marker" in query:
                raise exception.ImageNotFound(
                    f"No image has the id {query['marker']}: the list cannot "
                    "go on from there"
                )
            page = self._json(answer)
            yield from page["images"]
            if "next" not in page or not page["images"]:
                return
            earlier += [each["id"] for each in page["images"]]
            query["marker"] = earlier.pop()

    def image(self, image_id: str) -> Record:
        """Show an image.

        :raises ImageNotFound: there is none
        """
        return self._json(self._call("GET", _path(image_id)))

    def create(self, body: Mapping[str, Any]) -> Record:
        """Make an image without data."""
        return self._json(self._call("POST", "/images", json=dict(body)))

    def upload(
        self, image_id: str, pieces: Iterable[bytes], size: int | None
    ) -> None:
        """Store the data of an image; the pieces are read once.

        :param size: bytes in all, if known
        """
        self._renew_token()
        headers = {"Content-Type": "application/octet-stream"}
        if size is not None:
            headers["X-OpenStack-Image-Size"] = str(size)
        # If the token is refused now, to log in again and to repeat would
        # send what is left of the pieces as if it were all of them.
        answer = self._call(
            "PUT",
            f"{_path(image_id)}/file",
            data=Body(pieces, size),
            headers=headers,
            allow_reauth=False,
            connect_retries=0,
            timeout=(_CONNECT, self._conf.glance.upload_timeout),
            log=False,
        )
        if answer.status_code == 401:
            self._connect().session.invalidate()
            raise exception.CatalogueUnavailable(
                "Glance refused the token at the upload; the next attempt "
                "gets a new one"
            )
        glance_errors.check(answer)

    def update(self, image_id: str, **values: Any) -> Record:
        """Set attributes and properties of an image."""
        changes = [
            {"op": "add", "path": f"/{name}", "value": value}
            for name, value in values.items()
        ]
        return self._json(
            self._call(
                "PATCH",
                _path(image_id),
                json=changes,
                headers={"Content-Type": _PATCH},
            )
        )

    def delete(self, image_id: str) -> None:
        """Delete an image.

        :raises ImageNotFound: there is none
        :raises ImageProtected: it is protected
        :raises ImageInUse: something uses it
        """
        glance_errors.check(self._call("DELETE", _path(image_id)))

    def members(self, image_id: str) -> set[str]:
        """List the projects an image is shared with."""
        path = f"{_path(image_id)}/members"
        found = self._json(self._call("GET", path))
        return {each["member_id"] for each in found["members"]}

    def add_member(self, image_id: str, project_id: str) -> None:
        """Share an image with a project."""
        path = f"{_path(image_id)}/members"
        answer = self._call("POST", path, json={"member": project_id})
        if answer.status_code != 409:
            glance_errors.check(answer)

    def remove_member(self, image_id: str, project_id: str) -> None:
        """Share an image with a project no longer."""
        path = f"{_path(image_id)}/members/{project_id}"
        answer = self._call("DELETE", path)
        if answer.status_code != 404:
            glance_errors.check(answer)

    def _call(self, method: str, path: str, **kwargs: Any) -> Any:
        kwargs.setdefault("timeout", (_CONNECT, _READ))
        with translated():
            return self._connect().image.request(
                path, method, raise_exc=False, **kwargs
            )

    def _json(self, answer: Any) -> Record:
        glance_errors.check(answer)
        return dict(answer.json())

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
        auth = loading.load_auth_from_conf_options(conf, GROUP)
        session = loading.load_session_from_conf_options(
            conf, GROUP, auth=auth
        )
        return openstack.connection.Connection(
            session=session, oslo_conf=conf, service_types=["image"]
        )


class Body:
    """The body of an upload: read once, its length known if it can be.

    Whatever follows the last byte that was announced would be the next
    request to Glance.  So it is never sent.

    :param pieces: the bytes
    :param size: bytes in all, if known; then requests sends the length
    """

    def __init__(self, pieces: Iterable[bytes], size: int | None):
        """Store the pieces."""
        self._pieces: Iterable[bytes] | None = pieces
        self.len = size

    def __iter__(self) -> Iterator[bytes]:
        pieces, self._pieces = self._pieces, None
        if pieces is None:
            raise RuntimeError("the body of an upload was to be sent twice")
        return iter(pieces) if self.len is None else _exactly(pieces, self.len)


def _exactly(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Give as many bytes as were announced.

    :raises ArchiveDamaged: there are more, before they are given, or fewer
    """
    rest = size
    for piece in pieces:
        rest -= len(piece)
        if rest < 0:
            break
        yield piece
    if rest:
        raise exception.ArchiveDamaged(
            f"The archive does not have the {size} bytes that were announced "
            f"to Glance, but {'more' if rest < 0 else size - rest}"
        )


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn what keystoneauth and requests raise into errors of ours."""
    try:
        yield
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
            "Glance or Keystone does not answer: "
            f"{glance_errors.shorten(str(error))}"
        ) from error


def _path(image_id: str) -> str:
    # Callers write it; Glance's identifiers are plain.
    if not image_id or not all(c.isalnum() or c in "-_" for c in image_id):
        raise exception.ImageNotFound(f"No image has the id {image_id[:64]!r}")
    return f"/images/{image_id}"
