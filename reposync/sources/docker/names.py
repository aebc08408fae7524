# SPDX-License-Identifier: Apache-2.0
"""Names on an engine: what a copy adds, and how it was before."""

from typing import Any

from docker import errors as docker_errors
from oslo_log import log
import requests

from reposync import reference as ref
from reposync.sources import base
from reposync.sources.docker import answers

LOG = log.getLogger(__name__)


def full(reference: ref.Reference) -> str:
    """Give the name as the engine takes it for a registry."""
    return f"{reference.canonical_name}:{reference.tag or ref.DEFAULT_TAG}"


def by_digest(resolved: base.ResolvedImage) -> str:
    """Give the name of exactly what was resolved."""
    return f"{resolved.reference.canonical_name}@{resolved.digest}"


class Kept:
    """Remembers two names on the engine and puts them back.

    An image that was there before a copy stays, and a tag that pointed
    elsewhere points there again.

    :param client: docker-py's client
    """

    def __init__(self, client: Any, resolved: base.ResolvedImage):
        """Look at the engine as it is."""
        self._client = client
        self._name = resolved.reference.archive_name
        self.by_digest = by_digest(resolved)
        self._before = {
            name: self._image_id(name) for name in (self._name, self.by_digest)
        }

    def traces(self) -> list[str]:
        """Give what `discard` needs should this process die.

        The name that an engine has, and the id it had before, if any.
        """
        return [
            f"{name} {before or ''}".rstrip()
            for name, before in self._before.items()
            if name != self._name or not self._digest_would_go()
        ]

    def tag(self) -> None:
        """Give the pulled image the name it is saved by."""
        repository, _, tag = self._name.rpartition(":")
        self._client.tag(self.by_digest, repository, tag)

    def restore(self) -> None:
        """Undo what the copy has added; failures are logged.

        Nothing is forced: an image with other names stays.
        """
        for name, before in self._before.items():
            try:
                self._restore(name, before)
            except docker_errors.NotFound:
                continue
            except (
                docker_errors.DockerException,
                requests.RequestException,
            ) as error:
                LOG.warning(
                    "%s may remain on the engine: %s",
                    name,
                    type(error).__name__,
                )

    def _restore(self, name: str, before: str | None) -> None:
        now = self._image_id(name)
        if now is None or now == before:
            return
        if name == self._name and self._digest_would_go():
            return
        if before is None:
            _remove(self._client, name)
        else:
            repository, _, tag = name.rpartition(":")
            self._client.tag(before, repository, tag)

    def _digest_would_go(self) -> bool:
        # The engine drops a digest with the last tag of its repository.  If
        # it was there before without a tag, the tag has to stay, too.
        repository = self.by_digest.partition("@")[0]
        return (
            self._before[self.by_digest] is not None
            and self._before[self._name] is None
            and full(ref.Reference.parse(self._name)).startswith(
                f"{repository}:"
            )
        )

    def _image_id(self, name: str) -> str | None:
        return _image_id(self._client, name)


def discard(client: Any, trace: str) -> bool:
    """Undo one of `Kept.traces`.

    :returns: whether there was anything to undo
    """
    name, _, before = trace.partition(" ")
    now = _image_id(client, name)
    if now is None or now == before:
        return False
    LOG.info("Removing %s, which a dead copy left on the engine", name)
    if before and "@" not in name:
        repository, _, tag = name.rpartition(":")
        client.tag(before, repository, tag)
    else:
        _remove(client, name)
    return True


def _remove(client: Any, name: str) -> None:
    """Remove a name, but not a digest of a repository that has tags.

    An engine with the image store of containerd removes the tags with it;
    and each engine removes it with the last of them.
    """
    repository, _, digest = name.partition("@")
    if digest:
        short = ref.Reference.parse(repository).name
        tags = answers.tags(client.inspect_image(name), name)
        if any(
            "@" not in tag and tag.rpartition(":")[0] == short for tag in tags
        ):
            return
    client.remove_image(name)


def _image_id(client: Any, name: str) -> str | None:
    try:
        return answers.image_id(client.inspect_image(name), name)
    except docker_errors.ImageNotFound:
        return None
