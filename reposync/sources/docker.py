# SPDX-License-Identifier: Apache-2.0
"""Reads images through a Docker engine.

It speaks the Engine API (https://docs.docker.com/reference/api/engine/) by
way of docker-py.  The registry is asked through the engine's distribution
endpoint, which moves no layer; a copy pulls by digest, tags, saves by name
and removes what was not there before.
"""

from collections.abc import Iterator
import contextlib
import dataclasses
import threading
from typing import Any

import docker
from docker import errors as docker_errors
from oslo_config import cfg
from oslo_log import log
import requests
import urllib3

from reposync import exception
from reposync import reference as ref
from reposync.sources import archive as guard
from reposync.sources import base
from reposync.sources import credentials
from reposync.sources import docker_errors as errors
from reposync.sources import docker_progress
from reposync.sources import docker_refs
from reposync.sources import platforms
from reposync.sources import watch
from reposync.sources.errors import shorten

LOG = log.getLogger(__name__)

_CONNECTION = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
)
_CHUNK = 1024 * 1024


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


class DockerSource(base.Source):
    """An engine, over a socket or over TCP with TLS."""

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        super().__init__(conf)
        self._saves = threading.BoundedSemaphore(conf.docker.max_saves)

    def check(self) -> None:
        """See `base.Source.check`."""
        with self._client() as client, translated("the engine"):
            client.ping()

    def resolve(
        self, reference: ref.Reference, platform: str
    ) -> base.ResolvedImage:
        """See `base.Source.resolve`."""
        name = str(reference)
        with self._client() as client, translated(name, platform):
            found = client.inspect_distribution(
                docker_refs.full(reference),
                auth_config=_auth(self.conf, reference),
            )
        _check_platform(name, platform, found.get("Platforms") or [])
        return base.ResolvedImage(
            reference, found["Descriptor"]["digest"], platform
        )

    @contextlib.contextmanager
    def archive(
        self,
        resolved: base.ResolvedImage,
        progress: base.Progress,
        begin: base.Begin = base.ignore,
    ) -> Iterator["DockerArchive"]:
        """See `base.Source.archive`."""
        with self._client() as client:
            with translated(str(resolved.reference)):
                kept = docker_refs.Kept(client, resolved)
            for trace in kept.traces():
                begin(trace)
            try:
                self._pull(client, resolved, progress)
                complete = self._inspect(client, kept.by_digest, resolved)
                with translated(str(resolved.reference)):
                    kept.tag()
                while not self._saves.acquire(timeout=1):
                    progress("waiting", 0, None)
                try:
                    saved = DockerArchive(
                        client,
                        complete,
                        progress,
                        self.conf.docker.stall_timeout,
                    )
                    with contextlib.closing(saved):
                        yield saved
                finally:
                    self._saves.release()
            finally:
                kept.restore()

    def discard(self, name: str) -> bool:
        """See `base.Source.discard`."""
        with self._client() as client, translated(name):
            return docker_refs.discard(client, name)

    @contextlib.contextmanager
    def _client(self) -> Iterator[Client]:
        options = self.conf.docker
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

    def _pull(
        self,
        client: Client,
        resolved: base.ResolvedImage,
        progress: base.Progress,
    ) -> None:
        name = str(resolved.reference)
        stall = self.conf.docker.stall_timeout
        seen = docker_progress.PullProgress()

        def begin() -> Iterator[dict[str, Any]]:
            client.timeout = stall
            return iter(
                client.pull(
                    docker_refs.by_digest(resolved),
                    stream=True,
                    decode=True,
                    platform=resolved.platform,
                    auth_config=_auth(self.conf, resolved.reference),
                )
            )

        def tick() -> None:
            progress("pulling", seen.done, seen.total)

        tick()
        with translated(name, resolved.platform):
            events = watch.Watched(begin, tick, stall)
            with contextlib.closing(events):
                for event in events:
                    if "error" in event:
                        raise errors.translate(
                            str(event["error"]), name, resolved.platform
                        )
                    if seen.add(event):
                        tick()
        tick()

    def _inspect(
        self, client: Client, name: str, resolved: base.ResolvedImage
    ) -> base.ResolvedImage:
        with translated(str(resolved.reference), resolved.platform):
            found = client.inspect_image(name)
        # Its variant was looked at before the pull, in the index if any.
        asked = platforms.Platform.parse(resolved.platform)
        asked = dataclasses.replace(asked, variant=None)
        words = {"os": found["Os"], "architecture": found["Architecture"]}
        there = platforms.Platform.of(words).completed(asked)
        platforms.choose(str(resolved.reference), asked, [there])
        return dataclasses.replace(
            resolved,
            image_id=found["Id"],
            labels=(found.get("Config") or {}).get("Labels") or {},
            os=there.os,
            architecture=there.architecture,
        )


class DockerArchive:
    """What the engine saves, checked as it flows."""

    size: int | None = None

    def __init__(
        self,
        client: Client,
        resolved: base.ResolvedImage,
        progress: base.Progress,
        stall: int,
    ):
        """Store what is needed to begin."""
        self.resolved = resolved
        self._client = client
        self._progress = progress
        self._stall = stall
        self._done = 0
        self._watched: watch.Watched[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        """See `base.Archive`."""
        if self._watched is not None:
            raise exception.ArchiveDamaged("An archive is read only once")
        name = self.resolved.reference.archive_name
        self._client.timeout = self._stall
        self._tick()
        self._watched = watch.Watched(
            lambda: iter(self._client.get_image(name, _CHUNK)),
            self._tick,
            self._stall,
        )
        with translated(str(self.resolved.reference)):
            for piece in guard.verified(
                self._watched, self.resolved.image_id or "", name
            ):
                self._done += len(piece)
                self._tick()
                yield piece

    def close(self) -> None:
        """Stop reading."""
        if self._watched is not None:
            self._watched.close()

    def _tick(self) -> None:
        self._progress("copying", self._done, None)


@contextlib.contextmanager
def translated(name: str, platform: str = "") -> Iterator[None]:
    """Turn what docker-py raises into errors of this service."""
    try:
        yield
    except docker_errors.APIError as error:
        text = str(error.explanation or error)
        raise errors.translate(text, name, platform) from error
    except docker_errors.DockerException as error:
        raise exception.SourceUnavailable(
            f"The Docker engine does not answer: {shorten(str(error))}"
        ) from error
    except _CONNECTION as error:
        raise exception.SourceUnavailable(
            "The connection to the Docker engine broke: "
            f"{type(error).__name__}"
        ) from error


def _check_platform(
    name: str, wanted: str, found: list[dict[str, str]]
) -> None:
    asked = platforms.Platform.parse(wanted)
    present = [platforms.Platform.of(entry) for entry in found]
    if len(present) == 1:
        present = [present[0].completed(asked)]
    if present:
        platforms.choose(name, asked, present)


def _auth(conf: cfg.ConfigOpts, reference: ref.Reference) -> dict[str, str]:
    """Give the credentials as the engine takes them."""
    found = credentials.find(conf, reference)
    values = {
        "username": found.user,
        "password": found.password,
        "identitytoken": found.identity_token,
        "registrytoken": found.registry_token,
    }
    return {key: value for key, value in values.items() if value}
