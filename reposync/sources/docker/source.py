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
from reposync.sources.archive import stall_guard
from reposync.sources.docker import accounts
from reposync.sources.docker import answers
from reposync.sources.docker import archive as docker_archive
from reposync.sources.docker import client as docker_client
from reposync.sources.docker import containerd_store
from reposync.sources.docker import errors
from reposync.sources.docker import names
from reposync.sources.docker import platforms
from reposync.sources.docker import progress as docker_progress
from reposync.sources.docker.client import translated
from reposync.sources.oci import sizes
from reposync.sources.registry import source
from reposync.sources.registry.transport import rate_limits

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
        self._registry = source.RegistrySource(conf)
        self._accounts = accounts.Accounts(conf)

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
                names.full(reference), auth_config=account
            )
        return answers.resolved(reference, platform, found)

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
                kept = names.Kept(client, resolved)
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
        kept: names.Kept,
        resolved: base.ResolvedImage,
        progress: base.Progress,
    ) -> docker_archive.DockerArchive:
        name, stall = str(resolved.reference), self.conf.docker.stall_timeout
        most = sizes.most(self.conf)
        with translated(name, resolved.platform):
            found = client.inspect(kept.by_digest)
            if containerd_store.keeps_manifests(found, resolved):
                return containerd_store.StoredImage(
                    client,
                    kept.by_digest,
                    platforms.find(found, resolved),
                    progress,
                    stall,
                ).archive(resolved, most)
            size = answers.size(found, name)
            sizes.Budget(name, most).check(size)
            complete = answers.complete(resolved, found)
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
            return names.discard(client, name)

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
            events = stall_guard.Watched(begin, tick, stall)
            with contextlib.closing(events):
                for event in events:
                    if trouble := answers.trouble(event):
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
            names.by_digest(resolved),
            stream=True,
            decode=True,
            platform=resolved.platform,
            auth_config=account,
        )
    )
