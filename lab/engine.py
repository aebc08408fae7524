# SPDX-License-Identifier: Apache-2.0
"""Docker engines, with either kind of image store."""

import http.client
import json
from pathlib import Path
import shutil
import socket
from typing import Any

from lab import certificates
from lab import mounts
from lab import server
from lab import tree


class Docker(server.Server):
    """An engine on a socket and, with mutual TLS, on a port.

    It runs no containers, so it needs no network of its own.  The open
    registry of the lab is its mirror of Docker Hub.
    """

    name = "docker"
    packages: tuple[str, ...] = ("docker.io", "openssl")
    after = ("registry",)
    settings: dict[str, Any] = {}

    @property
    def socket(self) -> Path:
        """The socket of its API."""
        return self.state.run / f"{self.name}.sock"

    @property
    def certificates(self) -> Path:
        """The directory with the client's certificate."""
        return self.state.directory("certificates")

    def prepare(self) -> None:
        certificates.make(self.certificates)
        # A file of its own, or the machine's would be read.
        path = self.data / "daemon.json"
        path.write_text(json.dumps(self.settings))
        # After a power cut the old pid files would be taken for true.
        (self.state.run / f"{self.name}.pid").unlink(missing_ok=True)
        shutil.rmtree(self.state.run / self.name, ignore_errors=True)

    def command(self) -> list[str]:
        run, pem = self.state.run, self.certificates
        return [
            self.program(),
            "--iptables=false",
            "--ip6tables=false",
            "--bridge=none",
            f"--data-root={self.data}",
            f"--exec-root={run / self.name}",
            f"--pidfile={run / f'{self.name}.pid'}",
            f"--host=unix://{self.socket}",
            f"--host=tcp://127.0.0.1:{self.port}",
            "--tlsverify",
            f"--tlscacert={pem / 'ca.pem'}",
            f"--tlscert={pem / 'server-cert.pem'}",
            f"--tlskey={pem / 'server-key.pem'}",
            f"--registry-mirror=http://127.0.0.1:{self.registry_port}",
            f"--config-file={self.data / 'daemon.json'}",
        ]

    def program(self) -> str:
        """Give the path of the engine."""
        return shutil.which("dockerd", path="/usr/sbin:/usr/bin") or "dockerd"

    def stop(self, how: int | None = None) -> None:
        """End it, and undo the mounts it leaves behind."""
        super().stop(how)
        mounts.undo(self.data)

    @property
    def registry_port(self) -> int:
        """The port of the registry that stands in for Docker Hub."""
        return self.state.port("registry")

    def ready(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as stream:
                stream.settimeout(5)
                stream.connect(str(self.socket))
                stream.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                answer = http.client.HTTPResponse(stream)
                answer.begin()
                return answer.status == 200
        except OSError:
            return False


class DockerContainerd(Docker):
    """An engine of a newer release that keeps images in containerd.

    So do fresh installations since Docker 29.
    """

    name = "docker-containerd"
    packages = (tree.MAKER, "openssl")
    settings = {"features": {"containerd-snapshotter": True}}
    modern = True

    def prepare(self) -> None:
        super().prepare()
        tree.Tree(self.state).make()

    def program(self) -> str:
        return "/usr/sbin/dockerd"

    def command(self) -> list[str]:
        shared = (self.data, self.state.run, self.certificates)
        return tree.Tree(self.state).command(super().command(), shared)
