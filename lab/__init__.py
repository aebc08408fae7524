# SPDX-License-Identifier: Apache-2.0
"""The lab: real servers on the loopback interface of one machine.

It needs nothing but Python's standard library; what the servers need it
installs itself.  All its data is in one directory, ``.lab`` at the top of
the checkout, or where ``REPOSYNC_LAB_DIR`` says.
"""

import concurrent.futures
import os
from pathlib import Path
import shlex
import sys

from lab import apt
from lab import brokers
from lab import databases
from lab import engine
from lab import openstack
from lab import registries
from lab import server
from lab import state as lab_state
from lab import tree

_SERVERS: tuple[type[server.Server], ...] = (
    registries.Registry,
    registries.RegistryAuth,
    registries.RegistryToken,
    registries.RegistryTLS,
    brokers.RabbitMQ,
    brokers.RabbitMQ4,
    databases.PostgreSQL,
    databases.MariaDB,
    engine.Docker,
    engine.DockerContainerd,
    openstack.Keystone,
    openstack.KeystoneShort,
    openstack.Glance,
    openstack.GlanceQuota,
    openstack.GlanceNoDocker,
    openstack.GlanceSha256,
)


class Lab:
    """All servers, by name."""

    def __init__(self, state: lab_state.State | None = None):
        self.state = state or lab_state.State()
        self.servers = {kind.name: kind(self.state) for kind in _SERVERS}

    @classmethod
    def load(cls) -> "Lab":
        """Give the lab of this checkout."""
        return cls()

    def up(self, *names: str) -> None:
        """Start servers and those they need; all usual ones by default.

        Servers that do not wait for each other start at the same time.
        Where none are named, those of a newer release are left out with a
        word if they cannot be had, but not with CI=true.

        :raises LabError: one cannot be had
        """
        wanted = self._with_needed(names or self.usual())
        packages = {p for name in wanted for p in self.servers[name].packages}
        apt.install(sorted(packages))
        futures: dict[str, concurrent.futures.Future[None]] = {}

        def start(name: str) -> None:
            for other in self.servers[name].after:
                futures[other].result()
            self.servers[name].start()

        with concurrent.futures.ThreadPoolExecutor(len(wanted)) as pool:
            for name in wanted:
                futures[name] = pool.submit(start, name)
        left_out = () if names else self._optional()
        for name, future in futures.items():
            try:
                future.result()
            except server.LabError as error:
                if name not in left_out:
                    raise
                print(f"tools/lab: WITHOUT {name}: {error}", file=sys.stderr)
        self._write_openrc()

    def down(self, *names: str) -> None:
        """Stop servers; all by default, those that need others first."""
        for name in reversed(names or tuple(self.servers)):
            self.servers[name].stop()

    def start(self, name: str) -> None:
        """Start one server and wait until it answers."""
        self.servers[name].start()

    def stop(self, name: str) -> None:
        """Stop one server in good order."""
        self.servers[name].stop()

    def kill(self, name: str) -> None:
        """End one server as a power cut would."""
        self.servers[name].kill()

    def pause(self, name: str) -> None:
        """Freeze one server."""
        self.servers[name].pause()

    def resume(self, name: str) -> None:
        """Let a frozen server go on."""
        self.servers[name].resume()

    def log(self, name: str) -> Path:
        """Give the log of one server."""
        return self.state.log(name)

    def usual(self) -> tuple[str, ...]:
        """List the servers that a bare ``up`` starts."""
        return tuple(
            name for name, each in self.servers.items() if each.by_default
        )

    def _optional(self) -> tuple[str, ...]:
        if os.environ.get("CI") == "true":
            return ()
        return tuple(n for n, each in self.servers.items() if each.modern)

    @property
    def env(self) -> dict[str, str]:
        """What programs need to know to use the servers."""
        return self._usual_env() | self._modern_env()

    def _modern_env(self) -> dict[str, str]:
        """Give what is there only where the newer release could be had."""
        state = self.state
        if not tree.Tree(state).made:
            return {}
        name = engine.DockerContainerd.name
        port = state.port(name)
        return {
            "LAB_DOCKER_CONTAINERD_HOST": f"unix://{state.run}/{name}.sock",
            "LAB_DOCKER_CONTAINERD_TLS_HOST": f"tcp://127.0.0.1:{port}",
            "LAB_TRANSPORT_4_URL": brokers.RabbitMQ4(state).url,
        }

    def _usual_env(self) -> dict[str, str]:
        state, local = self.state, "127.0.0.1"
        ports = {name: state.port(name) for name in (*self.servers, "api")}
        url = {name: f"http://{local}:{port}" for name, port in ports.items()}
        return {
            "LAB_API_PORT": str(ports["api"]),
            "LAB_DEMO_PASSWORD": state.password("demo"),
            "LAB_DIR": str(state.path),
            "LAB_DOCKER_CERT_PATH": str(state.directory("certificates")),
            "LAB_DOCKER_HOST": f"unix://{state.run / 'docker.sock'}",
            "LAB_DOCKER_TLS_HOST": f"tcp://{local}:{ports['docker']}",
            "LAB_GLANCE_NODOCKER_URL": url["glance-nodocker"],
            "LAB_GLANCE_QUOTA_URL": url["glance-quota"],
            "LAB_GLANCE_SHA256_URL": url["glance-sha256"],
            "LAB_GLANCE_URL": url["glance"],
            "LAB_KEYSTONE_SHORT_URL": f"{url['keystone-short']}/v3",
            "LAB_KEYSTONE_URL": f"{url['keystone']}/v3",
            "LAB_MARIADB_URL": databases.MariaDB(state).url,
            "LAB_POSTGRESQL_URL": databases.PostgreSQL(state).url,
            "LAB_REGISTRY": f"{local}:{ports['registry']}",
            "LAB_REGISTRY_AUTH": f"{local}:{ports['registry-auth']}",
            "LAB_REGISTRY_PASSWORD": state.password("registry-auth"),
            "LAB_REGISTRY_TLS": f"{local}:{ports['registry-tls']}",
            "LAB_REGISTRY_TOKEN": f"{local}:{ports['registry-token']}",
            "LAB_REGISTRY_USER": registries.USER,
            "LAB_TOKEN_PORT": str(state.port("token-server")),
            "LAB_TRANSPORT_URL": brokers.RabbitMQ(state).url,
            "OS_AUTH_URL": f"{url['keystone']}/v3",
            "OS_IDENTITY_API_VERSION": "3",
            "OS_PASSWORD": state.password("reposync"),
            "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_PROJECT_NAME": "service",
            "OS_REGION_NAME": openstack.REGION,
            "OS_USERNAME": "reposync",
            "OS_USER_DOMAIN_NAME": "Default",
        }

    def exports(self) -> str:
        """Give the environment as lines for a shell."""
        return "".join(
            f"export {name}={shlex.quote(value)}\n"
            for name, value in self.env.items()
        )

    def _with_needed(self, names: tuple[str, ...]) -> list[str]:
        found: list[str] = []
        for name in names:
            if name not in self.servers:
                known = ", ".join(self.servers)
                raise server.LabError(f"no server {name!r}; there are {known}")
            for each in (*self._with_needed(self.servers[name].after), name):
                if each not in found:
                    found.append(each)
        return found

    def _write_openrc(self) -> None:
        path = self.state.path / "openrc"
        path.touch(mode=0o600)
        path.write_text(self.exports())
