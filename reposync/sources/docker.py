# SPDX-License-Identifier: Apache-2.0
"""Reads images through a Docker engine.

It speaks the Engine API (https://docs.docker.com/reference/api/engine/) by
way of docker-py.  The registry is asked through the engine's distribution
endpoint, which moves no layer; a copy pulls by digest, tags, saves by name
and removes what was not there before.
"""

from collections.abc import Iterator
import contextlib
import threading
from typing import Any

from oslo_config import cfg
from oslo_log import log

from reposync import reference as ref
from reposync.sources import base
from reposync.sources import docker_accounts
from reposync.sources import docker_answers
from reposync.sources import docker_archive
from reposync.sources import docker_client
from reposync.sources import docker_errors as errors
from reposync.sources import docker_platforms
from reposync.sources import docker_progress
from reposync.sources import docker_refs
from reposync.sources import docker_stored
from reposync.sources import rate_limits
from reposync.sources import registry
from reposync.sources import sizes
from reposync.sources import watch
from reposync.sources.docker_client import translated

LOG = log.getLogger(__name__)

_ADVICE = (
    "It keeps images in containerd, which leaves out a layer that another "
    "image brought in another compression. Set registry_fallback in [docker] "
    "to read such images from their registry, or give the image "
    "source=registry in the list of repositories"
)


class DockerSource(base.Source):
    """An engine, over a socket or over TCP with TLS."""

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        super().__init__(conf)
        self._saves = threading.BoundedSemaphore(conf.docker.max_saves)
        self._registry = registry.RegistrySource(conf)
        self._accounts = docker_accounts.Accounts(conf)

    def check(self) -> None:
        """See `base.Source.check`."""
        with (
            docker_client.connect(self.conf) as client,
            translated("the engine"),
        ):
            client.ping()

    def resolve(
        self, reference: ref.Reference, platform: str
    ) -> base.ResolvedImage:
        """See `base.Source.resolve`."""
        name = str(reference)
        with (
            docker_client.connect(self.conf) as client,
            self._accounts.tried(reference) as account,
            translated(name, platform),
        ):
            found = client.inspect_distribution(
                docker_refs.full(reference), auth_config=account
            )
        return docker_answers.resolved(reference, platform, found)

    @contextlib.contextmanager
    def archive(
        self,
        resolved: base.ResolvedImage,
        progress: base.Progress,
        begin: base.Begin = base.ignore,
    ) -> Iterator[base.Archive]:
        """See `base.Source.archive`."""
        with contextlib.ExitStack() as stack:
            try:
                archive: base.Archive = stack.enter_context(
                    self._saved(resolved, progress, begin)
                )
            except errors.Incomplete as error:
                if not self.conf.docker.registry_fallback:
                    raise errors.Incomplete(
                        f"{error.message}. {_ADVICE}"
                    ) from error
                LOG.warning(
                    "%s. It is read from its registry instead", error.message
                )
                archive = stack.enter_context(
                    self._registry.archive(resolved, progress, begin)
                )
            yield archive

    @contextlib.contextmanager
    def _saved(
        self,
        resolved: base.ResolvedImage,
        progress: base.Progress,
        begin: base.Begin,
    ) -> Iterator[docker_archive.DockerArchive]:
        with docker_client.connect(self.conf) as client:
            with translated(str(resolved.reference)):
                kept = docker_refs.Kept(client, resolved)
            for trace in kept.traces():
                begin(trace)
            try:
                self._pull(client, resolved, progress)
                with self._turn(progress):
                    archive = self._archive(client, kept, resolved, progress)
                    with contextlib.closing(archive):
                        yield archive
            finally:
                kept.restore()

    def _archive(
        self,
        client: docker_client.Client,
        kept: docker_refs.Kept,
        resolved: base.ResolvedImage,
        progress: base.Progress,
    ) -> docker_archive.DockerArchive:
        name, stall = str(resolved.reference), self.conf.docker.stall_timeout
        most = sizes.most(self.conf)
        with translated(name, resolved.platform):
            found = client.inspect(kept.by_digest)
            if docker_stored.keeps_manifests(found, resolved):
                return docker_stored.StoredImage(
                    client,
                    kept.by_digest,
                    docker_platforms.find(found, resolved),
                    progress,
                    stall,
                ).archive(resolved, most)
            size = docker_answers.size(found, name)
            sizes.Budget(name, most).check(size)
            complete = docker_answers.complete(resolved, found)
            kept.tag()
            return docker_archive.checked(
                client, complete, progress, stall, most
            )

    @contextlib.contextmanager
    def _turn(self, progress: base.Progress) -> Iterator[None]:
        while not self._saves.acquire(timeout=1):
            progress("waiting", 0, None)
        try:
            yield
        finally:
            self._saves.release()

    def discard(self, name: str) -> bool:
        """See `base.Source.discard`."""
        with docker_client.connect(self.conf) as client, translated(name):
            return docker_refs.discard(client, name)

    def budgets(self) -> dict[str, rate_limits.Budget]:
        """Tell what registries said of their rate limits, by host."""
        return self._registry.budgets()

    def _pull(
        self,
        client: docker_client.Client,
        resolved: base.ResolvedImage,
        progress: base.Progress,
    ) -> None:
        name, stall = str(resolved.reference), self.conf.docker.stall_timeout
        seen = docker_progress.PullProgress()
        budget = sizes.Budget(name, sizes.most(self.conf))

        def begin() -> Iterator[dict[str, Any]]:
            client.timeout = stall
            return _events(client, resolved, account)

        def tick() -> None:
            # If it raises, the engine stops: its connection is closed.
            budget.check(max(seen.done, seen.total or 0))
            progress("pulling", seen.done, seen.total)

        tick()
        with (
            self._accounts.used(resolved.reference) as account,
            translated(name, resolved.platform),
        ):
            events = watch.Watched(begin, tick, stall)
            with contextlib.closing(events):
                for event in events:
                    if trouble := docker_answers.trouble(event):
                        raise errors.translate(
                            trouble, name, resolved.platform
                        )
                    if seen.add(event):
                        tick()
        tick()


def _events(
    client: docker_client.Client,
    resolved: base.ResolvedImage,
    account: dict[str, str],
) -> Iterator[dict[str, Any]]:
    """Pull an image; gives what the engine tells meanwhile."""
    return iter(
        client.pull(
            docker_refs.by_digest(resolved),
            stream=True,
            decode=True,
            platform=resolved.platform,
            auth_config=account,
        )
    )
