# SPDX-License-Identifier: Apache-2.0
"""The connection to an engine.

The Engine API (https://docs.docker.com/reference/api/engine/) is spoken by
way of docker-py, in the newest version that the engine offers.
"""

from collections.abc import Iterator
from collections.abc import Mapping
import contextlib
import json
import re
from typing import Any
import urllib.parse

import docker
from docker import errors as docker_errors
from docker import utils as docker_utils
from oslo_config import cfg
import requests
import urllib3

from reposync import exception
from reposync.sources.docker import answers
from reposync.sources.docker import errors
from reposync.sources.errors import shorten

_CONNECTION = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
)
_CHUNK = 1024 * 1024
_VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,2}")


class Client(docker.APIClient):
    """docker-py's client, without two habits that do harm here."""

    def merge_environment_settings(self, *args: Any, **kwargs: Any) -> Any:
        """Let [docker] alone say which certificates count.

        To requests, REQUESTS_CA_BUNDLE comes before a session's own ones.
        """
        self.trust_env = False
        return super().merge_environment_settings(*args, **kwargs)

    def _set_request_timeout(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        # A pull asks for no limit at all; a dead registry would hold it.
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self.timeout
        return kwargs

    def _retrieve_server_version(self) -> str:
        found = super()._retrieve_server_version()  # type: ignore[misc]
        if not isinstance(found, str) or not _VERSION.fullmatch(found):
            raise docker_errors.DockerException(
                "what answers names no version of the engine's API"
            )
        return found

    def offers(self, version: str) -> bool:
        """Tell whether the engine speaks a version of the API."""
        return bool(docker_utils.version_gte(self.api_version, version))

    def inspect(self, name: str) -> dict[str, Any]:
        """Describe an image, where the engine can with its platforms."""
        params = {"manifests": "1"} if self.offers("1.48") else {}
        found = self._result(self._ask(name, "json", params), json=True)
        return answers.description(found, name)

    def save(
        self, name: str, platform: Mapping[str, str] | None = None
    ) -> Iterator[bytes]:
        """Read the archive of an image in pieces of at most 1 MiB.

        :param platform: the one to save, where the engine has the choice
        """
        params = {"platform": json.dumps(platform)} if platform else {}
        answer = self._ask(name, "get", params, stream=True)
        with contextlib.closing(answer):
            yield from answer.iter_content(_CHUNK)

    def _ask(
        self,
        name: str,
        what: str,
        params: Mapping[str, str],
        *,
        stream: bool = False,
    ) -> requests.Response:
        quoted = urllib.parse.quote(name, safe="/:")
        url = f"{self.base_url}/v{self.api_version}/images/{quoted}/{what}"
        answer = self.get(
            url, params=params, stream=stream, timeout=self.timeout
        )
        self._raise_for_status(answer)
        return answer

    def _result(
        self,
        response: requests.Response,
        json: bool = False,
        binary: bool = False,
    ) -> Any:
        try:
            return super()._result(  # type: ignore[misc]
                response, json, binary
            )
        except (RecursionError, ValueError) as error:
            # Such as a number of 5000 digits, or a page of a proxy.
            raise docker_errors.DockerException(
                "its answer cannot be read"
            ) from error

    def _raise_for_status(self, response: requests.Response) -> None:
        """Raise what an engine, or what is before it, says with a status.

        :raises APIError: whatever the body is
        """
        try:
            super()._raise_for_status(response)  # type: ignore[misc]
        except (AttributeError, KeyError, RecursionError, TypeError) as error:
            # To docker-py each error is an object with a text.
            raise docker_errors.APIError(
                f"HTTP status {response.status_code}",
                response=response,
                explanation=response.text,
            ) from error


@contextlib.contextmanager
def connect(conf: cfg.ConfigOpts) -> Iterator[Client]:
    """Connect to the engine of ``[docker]``.

    :raises SourceUnavailable: it does not answer
    :raises SourceError: it answers, and cannot be used
    """
    options = conf.docker
    tls: Any = False
    if options.host.startswith("tcp://") and options.tls_ca_file:
        pair = (options.tls_cert_file, options.tls_key_file)
        tls = docker.tls.TLSConfig(
            ca_cert=options.tls_ca_file,
            client_cert=pair if all(pair) else None,
            verify=True,
        )
    with translated("the engine"):
        client = Client(
            base_url=options.host,
            version="auto",
            timeout=options.timeout,
            tls=tls,
        )
    with contextlib.closing(client):
        yield client


@contextlib.contextmanager
def translated(name: str, platform: str = "") -> Iterator[None]:
    """Turn what docker-py raises into errors of this service."""
    try:
        yield
    except docker_errors.APIError as error:
        text = str(error.explanation or error)
        raise errors.translate(
            text, name, platform, error.status_code
        ) from error
    except docker_errors.InvalidVersion as error:
        raise exception.SourceError(
            "The Docker engine speaks a version of its API that is too old "
            f"for this service: {shorten(str(error))}"
        ) from error
    except docker_errors.DockerException as error:
        raise exception.SourceUnavailable(
            f"The Docker engine does not answer: {shorten(str(error))}"
        ) from error
    except (RecursionError, docker_errors.StreamParseError) as error:
        # Such as an engine that stops in the middle of an event.
        raise exception.SourceUnavailable(
            "The Docker engine broke off, or something else answers: what it "
            "tells of a pull cannot be read"
        ) from error
    except _CONNECTION as error:
        raise exception.SourceUnavailable(
            "The connection to the Docker engine broke: "
            f"{type(error).__name__}"
        ) from error
