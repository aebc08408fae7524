# SPDX-License-Identifier: Apache-2.0
"""The ways an image can be copied from a registry into Glance."""

from collections.abc import Callable
import datetime
import http.client
import os
from pathlib import Path
import subprocess
import tempfile
import time
from typing import Any
import urllib.parse

from oslo_config import cfg
import requests

import lab
from lab import brokers
from reposync import reference as ref
from reposync import service
from reposync.sources.registry import source as registry
from tests.fixtures import client
from tests.fixtures import cloud
from tests.fixtures import deployment

_CREATE = (
    *("openstack", "image", "create", "-f", "value", "-c", "id"),
    *("--container-format", "docker", "--disk-format", "raw"),
)

#: Enough requests for each of a server's processes to get one.
_SEVERAL = 8
#: Seconds until an operation must have ended.
_PATIENCE = 1800


def timed(work: Callable[[], object]) -> float:
    """Give the seconds that something takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def show_token(url: str, token: str) -> None:
    """Let all processes of a server know a token again.

    Each asks Keystone every five minutes, which takes half a second: whose
    request it is, is chance.

    :param url: of a list
    """
    for _ in range(_SEVERAL):
        requests.get(
            f"{url}?limit=1", headers={"X-Auth-Token": token}, timeout=60
        ).raise_for_status()


class Ours:
    """The service as it is deployed, with one of its sources."""

    def __init__(self, env: dict[str, str], source: str):
        self._cloud = cloud.Cloud(env)
        self.service = deployment.Deployment(env)
        # Two of these run at a time; no conductor wakes for the other's work.
        self._broker = brokers.RabbitMQ(lab.Lab.load().state)
        self._bus = deployment.unique(source)
        self.service.start(
            conductor={"source": source},
            DEFAULT={
                "debug": False,
                "transport_url": self._broker.virtual_host(self._bus),
            },
        )
        self._token = self._cloud.token()
        self._caller = client.Client(self.service.url, self._token)

    def copy(self, name: str) -> float:
        """Copy an image; gives the seconds to the operation's end."""
        self.forget(name)
        # The conductor shows its own token to Glance meanwhile.
        show_token(f"{self.service.url}/v1/images", self._token)
        seconds, found = self._timed("/v1/images", imageName=name)
        assert found["outcome"] == "created", found
        return seconds

    def sync(self) -> tuple[float, dict[str, int]]:
        """Synchronise the list; gives the seconds and outcomes counted."""
        seconds, found = self._timed("/v1/sync")
        return seconds, dict(found["counts"])

    def _timed(self, path: str, **query: str) -> tuple[float, dict[str, Any]]:
        """Send a PUT, and measure until the end of its operation.

        The end is what the service wrote down: to look for it all the time
        would take the processor from what is measured.
        """
        begun = time.time()
        answer = self._caller.call("PUT", path, params=query)
        found = self._caller.ended(self._caller.accepted(answer), _PATIENCE)
        ended = datetime.datetime.fromisoformat(found["finished_at"])
        return ended.timestamp() - begun, found

    def forget(self, name: str) -> None:
        """Delete an image, with all its tags, from Glance."""
        short = ref.Reference.parse(name).name
        for image in self._cloud.everything(short):
            self._cloud.glance.delete_image(image.id)

    @property
    def conductor(self) -> int:
        """The process id of the conductor that works."""
        launcher = self.service.processes["reposync-conductor"].pid
        [worker] = deployment.children(launcher)
        return worker

    @property
    def log(self) -> Path:
        """The conductor's log."""
        return self.service.log("reposync-conductor")

    def stop(self) -> None:
        """End the service."""
        self.service.stop()
        self._broker.remove_virtual_host(self._bus)


class Tools:
    """What people do without the service, with the tools there are."""

    def __init__(self, env: dict[str, str]):
        self._env = env
        self._cloud = cloud.Cloud(env)
        self._token = self._cloud.token()
        self.scratch = 0

    def docker(self, name: str) -> float:
        """Pull with an engine, save, and upload what is saved."""
        engine = f"docker -H {self._env['LAB_DOCKER_HOST']}"
        command = (
            f"{engine} pull -q {name} && "
            f"{engine} save {name} | {' '.join(_CREATE)} docker-pipeline"
        )
        seconds, image = self._run(["bash", "-o", "pipefail", "-c", command])
        self._forget(image)
        subprocess.run(
            [*engine.split(), "rmi", name], check=True, capture_output=True
        )
        return seconds

    def skopeo(self, name: str, form: str = "docker-archive") -> float:
        """Copy into an archive on disk, and upload that.

        :param form: ``docker-archive``, or ``oci-archive``, which is made
            sooner, but which the lab's engine cannot load
        """
        with tempfile.TemporaryDirectory() as directory:
            path = f"{directory}/image.tar"
            command = (
                "skopeo copy -q --src-tls-verify=false "
                f"docker://{name} {form}:{path} && "
                f"{' '.join(_CREATE)} --file {path} skopeo-pipeline"
            )
            seconds, image = self._run(["bash", "-c", command])
            self.scratch = Path(path).stat().st_size
        self._forget(image)
        return seconds

    def limit(self, path: Path) -> float:
        """Upload a file with one PUT and nothing else."""
        show_token(f"{self._env['LAB_GLANCE_URL']}/v2/images", self._token)
        image = self._cloud.glance.post(
            "/images",
            json={
                "name": "limit",
                "container_format": "docker",
                "disk_format": "raw",
            },
        ).json()["id"]
        seconds = timed(lambda: self._put(image, path))
        self._forget(image)
        return seconds

    def _put(self, image: str, path: Path) -> None:
        host = urllib.parse.urlsplit(self._env["LAB_GLANCE_URL"]).netloc
        connection = http.client.HTTPConnection(host, timeout=600)
        connection.putrequest("PUT", f"/v2/images/{image}/file")
        connection.putheader("X-Auth-Token", self._token)
        connection.putheader("Content-Type", "application/octet-stream")
        connection.putheader("Content-Length", str(path.stat().st_size))
        connection.endheaders()
        with path.open("rb") as file:
            connection.sock.sendfile(file)
        answer = connection.getresponse()
        assert answer.status == 204, answer.read()
        connection.close()

    def _run(self, command: list[str]) -> tuple[float, str]:
        begun = time.perf_counter()
        done = subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | self._env,
        )
        seconds = time.perf_counter() - begun
        return seconds, done.stdout.split()[-1]

    def _forget(self, image: str) -> None:
        self._cloud.glance.delete_image(image)


def write_archive(name: str, path: Path) -> int:
    """Write the archive of an image into a file; gives its length."""
    conf = cfg.ConfigOpts()
    service.register_opts(conf)
    conf([], project="reposync", default_config_files=[])
    insecure = deployment.INSECURE.split(",")
    conf.set_override("insecure", insecure, "registry")
    source = registry.RegistrySource(conf)
    resolved = source.resolve(
        ref.Reference.parse(name), conf.conductor.platform
    )
    with (
        source.archive(resolved, lambda *_: None) as archive,
        path.open("wb") as file,
    ):
        file.writelines(archive)
    return path.stat().st_size
