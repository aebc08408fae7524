# SPDX-License-Identifier: Apache-2.0
"""The calls of the API, as methods."""

from collections.abc import Callable
from collections.abc import Iterator
import re
import time
from typing import Any
from urllib import parse

from openstack import exceptions
from openstack import proxy
import requests

from reposync.client.sdk import image as _image
from reposync.client.sdk import operation as _operation
from reposync.client.sdk import repository as _repository
from reposync.client.sdk import stream as _stream

_STREAM = {"Accept": _stream.MEDIA_TYPE}
_ID = re.compile(r"[A-Za-z0-9._:-]{1,255}", re.ASCII)
_PAUSE, _SLOWER = 0.1, 1.5


class Proxy(proxy.Proxy):
    """What ``conn.reposync`` is.

    Each method may raise ``openstack.exceptions.HttpException``, or one of
    its kinds such as ``NotFoundException``, with the service's own words.
    """

    #: The catalogue has the address; asking it for versions costs a request.
    skip_discovery = True

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request.

        :raises HttpException: the answer is an error; the text is its detail
        """
        answer = super().request(*args, **kwargs)
        if answer.status_code >= 400:
            exceptions.raise_from_response(answer, _detail(answer))
        return answer

    def images(self, **query: Any) -> Iterator[_image.Image]:
        """List images, newest first, page by page.

        :param query: ``filter`` (wildcards or a regular expression, for the
            whole name), ``type``, ``limit`` (of a page), ``marker``
        """
        return self._list(_image.Image, **query)

    def get_image(self, image: str | _image.Image) -> _image.Image:
        """Read an image by its id."""
        return self._get(_image.Image, image)

    def find_image(self, wanted: str) -> _image.Image:
        """Find an image by its id, or by its name with or without a tag.

        :raises NotFoundException: there is none
        :raises DuplicateResource: the name stands for several
        """
        if _ID.fullmatch(wanted):
            try:
                return self.get_image(wanted)
            except exceptions.NotFoundException:
                pass
        found = list(self.images(filter=re.escape(wanted)))
        name, colon, tag = wanted.rpartition(":")
        if not found and colon and "/" not in tag:
            named = self.images(filter=re.escape(name))
            found = [image for image in named if image.docker_tag == tag]
        if not found:
            raise exceptions.NotFoundException(
                f"No image has the id or the name {wanted}"
            )
        if len(found) > 1:
            several = ", ".join(
                f"{image.id} ({image.docker_tag})" for image in found
            )
            raise exceptions.DuplicateResource(
                f"{wanted} stands for several images: {several}. "
                "Give the tag or the id"
            )
        return found[0]

    def pull_image(
        self, name: str, tag: str | None = None
    ) -> _operation.Operation:
        """Have an image read from its registry and kept.

        :param name: ``[registry/]repository[:tag]``
        :param tag: if the name does not have it; ``latest`` by default
        """
        answer = self.put(_image.Image.base_path, json=_named(name, tag))
        return self._accepted(answer)

    def stream_pull(self, name: str, tag: str | None = None) -> _stream.Stream:
        """Do the same, and tell of the image when it is finished."""
        return self._streamed(_image.Image.base_path, json=_named(name, tag))

    def delete_image(self, image: str | _image.Image) -> _operation.Operation:
        """Have an image deleted.

        :param image: an image, or the id of one
        """
        image_id = image if isinstance(image, str) else image.id
        return self._accepted(
            self.delete(f"{_image.Image.base_path}/{_quoted(image_id)}")
        )

    def sync(self) -> _operation.Operation:
        """Have all listed repositories pulled."""
        return self._accepted(self.put("/v1/sync"))

    def stream_sync(self) -> _stream.Stream:
        """Do the same, and tell of each image when it is finished."""
        return self._streamed("/v1/sync")

    def operations(self, **query: Any) -> Iterator[_operation.Operation]:
        """List operations, newest first, page by page.

        :param query: ``state``, ``kind``, ``reference``, ``parent``,
            ``all_projects``, ``limit`` (of a page), ``marker``
        """
        if "all_projects" in query:
            query["all_projects"] = str(bool(query["all_projects"])).lower()
        return self._list(_operation.Operation, **query)

    def get_operation(
        self, operation: str | _operation.Operation
    ) -> _operation.Operation:
        """Read an operation by its id."""
        return self._get(_operation.Operation, _id(operation))

    def cancel_operation(
        self, operation: str | _operation.Operation
    ) -> _operation.Operation:
        """Stop an operation, and its parts.

        :raises ConflictException: it has ended already
        """
        path = f"{_operation.Operation.base_path}/{_quoted(_id(operation))}"
        return self._accepted(self.delete(path))

    def wait_for_operation(
        self,
        operation: str | _operation.Operation,
        timeout: float | None = None,
        interval: float = 1.0,
        callback: Callable[[_operation.Operation], None] | None = None,
    ) -> _operation.Operation:
        """Wait for an operation to succeed.

        :param timeout: seconds to wait at the most; None for ever
        :param interval: seconds between two looks; the first come faster
        :param callback: is given the operation at each look
        :raises ResourceTimeout: it goes on
        :raises ResourceFailure: it failed or was cancelled
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        pause = min(_PAUSE, interval)
        while True:
            found = self.get_operation(operation)
            if callback:
                callback(found)
            if found.state == "succeeded":
                return found
            if found.is_finished:
                why = (found.error or {}).get("message", "")
                raise exceptions.ResourceFailure(
                    f"Operation {found.id} has {found.state}. {why}".strip()
                )
            if deadline is not None and time.monotonic() > deadline:
                raise exceptions.ResourceTimeout(
                    f"Operation {found.id} is still {found.state} after "
                    f"{timeout:g} seconds; it goes on"
                )
            time.sleep(pause)
            pause = min(pause * _SLOWER, interval)

    def repositories(self, **query: Any) -> Iterator[_repository.Repository]:
        """List what is mirrored, in the order of the list.

        :param query: ``limit`` (of a page), ``marker``
        """
        return self._list(_repository.Repository, **query)

    def health(self) -> str:
        """Read what the service lacks: a line for each thing it needs."""
        # The status is 503 if anything is away; the text is wanted then.
        answer = super().request("/healthcheck", "GET")
        return str(answer.text)

    def _accepted(self, answer: requests.Response) -> _operation.Operation:
        value = answer.json()["operation"]
        made = self._get_resource(_operation.Operation, None, **value)
        asked = answer.headers.get("X-OpenStack-Request-ID")
        made.joined = bool(asked) and made.request_id != asked
        return made

    def _streamed(self, path: str, **kwargs: Any) -> _stream.Stream:
        answer = self.put(path, headers=_STREAM, stream=True, **kwargs)
        return _stream.Stream(answer)


def _named(name: str, tag: str | None) -> dict[str, str]:
    return {"name": name} | ({"tag": tag} if tag else {})


def _id(operation: str | _operation.Operation) -> str:
    return operation if isinstance(operation, str) else str(operation.id)


def _quoted(text: str) -> str:
    return parse.quote(text, safe="")


def _detail(answer: requests.Response) -> str | None:
    """Read the service's own words; None if the answer has none."""
    try:
        detail = answer.json()["errors"][0]["detail"]
    except (ValueError, LookupError, TypeError):
        return None
    return str(detail)
