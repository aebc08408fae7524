# SPDX-License-Identifier: Apache-2.0
"""The Docker engine."""

import http.client
from pathlib import Path
import shutil
import socket

from tests.lab import certificates
from tests.lab import server


class Docker(server.Server):
    """An engine on a socket and, with mutual TLS, on a port.

    It runs no containers, so it needs no network of its own.  The open
    registry of the lab is its mirror of Docker Hub.
    """

    name = "docker"
    packages = ("docker.io", "openssl")
    after = ("registry",)

    @property
    def socket(self) -> Path:
        """The socket of its API."""
        return self.state.run / "docker.sock"

    @property
    def certificates(self) -> Path:
        """The directory with the client's certificate."""
        return self.state.directory("certificates")

    def prepare(self) -> None:
        certificates.make(self.certificates)
        # A file of its own, or the machine's would be read.
        (self.data / "daemon.json").write_text("{}")
        # After a power cut the old pid files would be taken for true.
        (self.state.run / "docker.pid").unlink(missing_ok=True)
        shutil.rmtree(self.state.run / "docker", ignore_errors=True)

    def command(self) -> list[str]:
        run, pem = self.state.run, self.certificates
        return [
            shutil.which("dockerd", path="/usr/sbin:/usr/bin") or "dockerd",
            "--iptables=false",
            "--ip6tables=false",
            "--bridge=none",
            f"--data-root={self.data}",
            f"--exec-root={run / 'docker'}",
            f"--pidfile={run / 'docker.pid'}",
            f"--host=unix://{self.socket}",
            f"--host=tcp://127.0.0.1:{self.port}",
            "--tlsverify",
            f"--tlscacert={pem / 'ca.pem'}",
            f"--tlscert={pem / 'server-cert.pem'}",
            f"--tlskey={pem / 'server-key.pem'}",
            f"--registry-mirror=http://127.0.0.1:{self.registry_port}",
            f"--config-file={self.data / 'daemon.json'}",
        ]

    def stop(self, how: int | None = None) -> None:
        """End it, and undo the mounts it leaves behind."""
        super().stop(how)
        for line in reversed(Path("/proc/mounts").read_text().splitlines()):
            place = line.split()[1]
            if Path(place).is_relative_to(self.data):
                # Something may look into it for a moment longer.
                server.run(["umount", "--lazy", place])

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
