# SPDX-License-Identifier: Apache-2.0
"""docker-registry, in four ways of being reached."""

from pathlib import Path
import urllib.request

from lab import certificates
from lab import seed
from lab import server

USER = "lab"


class Registry(server.Server):
    """The open one; it holds the seeded images."""

    name = "registry"
    # The others make images in the tests, and read archives.
    packages = ("docker-registry", "skopeo", "umoci")

    def prepare(self) -> None:
        self.data.mkdir(exist_ok=True)
        (self.data / "config.yml").write_text(
            "version: 0.1\n"
            "log: {level: warn}\n"
            f"storage: {{filesystem: {{rootdirectory: {self.store()}}},"
            " delete: {enabled: true}}\n"
            "compatibility: {schema1: {enabled: true}}\n"
            f"http: {{addr: '127.0.0.1:{self.port}'{self.tls()}}}\n"
            + self.access()
        )

    def store(self) -> Path:
        """Give the directory of what was pushed."""
        return self.data / "store"

    def tls(self) -> str:
        """Give the part of the configuration that says how it is reached."""
        return ""

    def access(self) -> str:
        """Give the part of the configuration that says who may enter."""
        return ""

    def command(self) -> list[str]:
        return ["docker-registry", "serve", str(self.data / "config.yml")]

    def ready(self) -> bool:
        if self.tls():
            return super().ready()
        url = f"http://127.0.0.1:{self.port}/v2/"
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except urllib.error.HTTPError as answer:
            return answer.code == 401
        except OSError:
            return False
        return True

    def complete(self) -> None:
        seed.fill(self.state, f"127.0.0.1:{self.port}")


class RegistryAuth(Registry):
    """The one that asks for a password."""

    name = "registry-auth"
    packages = ("docker-registry", "apache2-utils")

    def access(self) -> str:
        path = self.data / "htpasswd"
        password = self.state.password(self.name)
        if not path.exists():
            command = ["htpasswd", "-Bbn", USER, password]
            path.write_text(server.run(command))
        return f"auth: {{htpasswd: {{realm: lab, path: {path}}}}}\n"

    def complete(self) -> None:
        pass


class RegistryOther(Registry):
    """One that serves what was pushed to the open one."""

    by_default = False

    def store(self) -> Path:
        return Registry(self.state).store()

    def complete(self) -> None:
        pass


class RegistryToken(RegistryOther):
    """The one that wants tokens; whoever tests it serves them."""

    name = "registry-token"

    def access(self) -> str:
        folder = self.state.directory("certificates")
        certificates.make(folder)
        port = self.state.port("token-server")
        return (
            f"auth: {{token: {{realm: 'http://127.0.0.1:{port}/token', "
            f"service: lab, issuer: lab, rootcertbundle: {folder}/ca.pem}}}}\n"
        )


class RegistryTLS(RegistryOther):
    """The one that speaks TLS."""

    name = "registry-tls"

    def tls(self) -> str:
        folder = self.state.directory("certificates")
        certificates.make(folder)
        return (
            f", tls: {{certificate: {folder}/server-cert.pem, "
            f"key: {folder}/server-key.pem}}"
        )
