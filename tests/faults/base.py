# SPDX-License-Identifier: Apache-2.0
"""What the scenarios share: a cluster, a cloud, what must hold afterwards."""

import atexit
import hashlib
from pathlib import Path
from typing import Any

import docker
import sqlalchemy as sa
from testtools import content

import lab
from lab import images
from reposync import reference as ref
from reposync.db import models
from tests.fixtures import archives
from tests.fixtures import client
from tests.fixtures import cloud
from tests.fixtures import cluster
from tests.fixtures import deployment
from tests.fixtures import wait
from tests.functional import base

#: One after the other: a conductor of one scenario serves the next.
CONDUCTORS = ("one", "two")
#: Enough not to fit into the buffers between a registry and Glance.
SIZE = 3 << 20
_UNFINISHED = ("queued", "running")

#: The cluster, the cloud, and a caller.
_shared: list[Any] = []


class FaultCase(base.TestCase):
    """A scenario, with an image of its own in the registry.

    After each one: every operation has ended, every image whose operation
    succeeded is in Glance once, visible, whole and what the registry holds,
    and nothing else of it is anywhere.
    """

    #: Names of the conductors that run at the beginning.
    conductors: tuple[str, ...] = CONDUCTORS

    def setUp(self):
        super().setUp()
        if not _shared:
            made = cluster.Cluster(self.lab)
            atexit.register(made.stop)
            _shared.append(made.make())
        self.cluster = _shared[0]
        self.proxies = self.cluster.proxies
        self.addCleanup(self.cluster.restore)
        self.addOnException(self.keep_logs)
        self.cluster.wait_healthy()
        for name in list(self.cluster.processes):
            if name != "reposync-api" and name not in self.conductors:
                self.cluster.kill(name)
        for name in self.conductors:
            self.cluster.conductor(name)
        self.cloud, self.caller = self.logged_in()
        self.name = self.new_name()
        self.addCleanup(self.forget)

    def logged_in(self):
        """Give cloud and caller; to log in anew each time takes long."""
        if len(_shared) == 1:
            self.cloud = cloud.Cloud(self.lab)
            _shared.extend((self.cloud, self.client()))
        return _shared[1:]

    def client(self, user="reposync"):
        """Give a caller who is logged in as a user."""
        return client.Client(self.cluster.url, self.cloud.token(user))

    def new_name(self, proxied="registry"):
        """Give an image's name, in the registry behind its proxy."""
        repository = deployment.unique("fault/image")
        return f"{self.proxies[proxied].host}/{repository}"

    def push(self, text="one", name=None, tag="latest", size=SIZE):
        """Push an image past the proxy; gives what was pushed."""
        reference = ref.Reference.parse(name or self.name)
        # Not to be compressed, or nothing would be left to copy.
        seed = f"{reference}{text}".encode()
        noise = hashlib.shake_128(seed).digest(size)
        return images.push_image(
            self.lab["LAB_REGISTRY"],
            reference.repository,
            tag,
            {"content": noise},
        )

    def put(self, caller=None, **kwargs):
        """Ask for the image; gives the answer, whatever it is."""
        return (caller or self.caller).call(
            "PUT", "/v1/images", params={"imageName": self.name}, **kwargs
        )

    def replace_conductors(self, name, **options):
        """Run one conductor in place of the usual ones."""
        for each in self.conductors:
            self.cluster.kill(each)
        self.cluster.conductor(name, **options)

    def servers(self):
        """Give the lab, to stop and start its servers."""
        return lab.Lab.load()

    def row(self, operation):
        """Read an operation past the API."""
        return self.cluster.db.read(
            lambda session: session.get(models.Operation, operation["id"])
        )

    def holder(self, operation, but=None):
        """Wait until a conductor works on an operation; gives its name.

        :param but: not this one
        """

        def look():
            row = self.row(operation)
            name = (row.owner or "").partition(":")[0]
            return name if row.state == "running" and name != but else None

        return wait.until(look, f"a conductor for {operation['id']}", 30)

    def ended(self, operation, seconds=60):
        """Wait for the end of an operation; gives its row."""

        def look():
            row = self.row(operation)
            return None if row.state in _UNFINISHED else row

        return wait.until(look, f"the end of {operation['id']}", seconds)

    def succeeded(self, operation, seconds=60):
        """Wait for an operation's success; gives its row."""
        row = self.ended(operation, seconds)
        self.assertEqual(
            ("succeeded", None), (row.state, row.error_message), row.id
        )
        return row

    def all_is_well(self, pushed, name=None):
        """Hold an image against the registry, and look for remains.

        :param pushed: what it must be now; None if there must be no image
        """
        name = name or self.name
        self.cluster.restore()
        wait.until(lambda: not self.unfinished(), "the end of all", 60)
        wait.until(
            lambda: len(self.cloud.everything(name)) == bool(pushed),
            f"the end of what remains of {name}",
            60,
        )
        if pushed:
            [image] = self.cloud.visible(name)
            self.assertFalse(image.is_hidden)
            self.assertEqual(pushed.digest, image.properties["docker_digest"])
            path = Path(self.path) / image.id
            with path.open("wb") as file:
                self.cloud.glance.download_image(image, output=file)
            self.assertEqual(image.size, path.stat().st_size)
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha512").hexdigest()
            self.assertEqual(image.hash_value, found)
            self.assertEqual(pushed.image_id, archives.image_id(path))

    def unfinished(self):
        """List the operations that have not ended, or hold a key."""
        row = models.Operation
        statement = sa.select(row.id).where(
            sa.or_(
                row.state.in_(_UNFINISHED),
                row.running_key.is_not(None),
                row.pending_key.is_not(None),
                row.owner.is_not(None),
            )
        )
        return self.cluster.db.read(
            lambda session: session.scalars(statement).all()
        )

    def keep_logs(self, _):
        """Show the ends of the logs with a failure."""
        for path in sorted(self.cluster.directory.glob("*.log")):
            text = path.read_text(errors="replace")
            self.addDetail(path.stem, content.text_content(text[-6000:]))

    def forget(self):
        """Leave nothing to the next scenario, even of one that failed."""
        self.cluster.restore()
        row = models.Operation
        left = sa.delete(row).where(row.state.in_(_UNFINISHED))
        self.cluster.db.write(lambda session: session.execute(left))
        for image in self.cloud.everything(self.name):
            self.cloud.glance.delete_image(image.id, ignore_missing=True)


class EngineCase(FaultCase):
    """A scenario whose image is read through the engine."""

    def setUp(self):
        super().setUp()
        self.cluster.list.write_text(f"{self.name} source=docker\n")
        self.addCleanup(self.cluster.list.write_text, "")
        self.engine = docker.APIClient(base_url=self.lab["LAB_DOCKER_HOST"])
        self.addCleanup(self.engine.close)

    def on_engine(self):
        """List what the engine has of the image."""
        return [
            name
            for image in self.engine.images()
            for key in ("RepoTags", "RepoDigests")
            for name in image[key] or []
            if name.startswith(self.name)
        ]

    def engine_is_clean(self):
        """Wait until nothing of the image is on the engine."""
        wait.until(lambda: not self.on_engine(), "a clean engine", 60)
