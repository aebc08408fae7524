# SPDX-License-Identifier: Apache-2.0
"""RabbitMQ."""

import contextlib
from pathlib import Path

from lab import server
from lab import tree


class RabbitMQ(server.Server):
    """A broker with a node name, a port mapper and users of its own."""

    name = "rabbitmq"
    packages: tuple[str, ...] = ("rabbitmq-server",)
    user_name = "reposync"
    #: The name by which the port of its port mapper is remembered.
    mapper = "epmd"
    settings = ""

    def prepare(self) -> None:
        home = self.data
        cookie = home / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text(self.state.password("erlang"))
            cookie.chmod(0o400)
        (home / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"default_user = {self.user_name}\n"
            f"default_pass = {self.state.password(self.name)}\n"
            "log.console = true\n"
            "log.console.level = warning\n"
            f"disk_free_limit.absolute = 50MB\n{self.settings}"
        )

    def command(self) -> list[str]:
        # The node itself, without the script that changes the account.
        return self.program("/usr/lib/rabbitmq/bin/rabbitmq-server")

    def program(self, *argv: str) -> list[str]:
        """Give the command line of one of its programs."""
        return list(argv)

    def stop(self, how: int | None = None) -> None:
        """End it, and its port mapper, which is a process of its own."""
        super().stop(how)
        port = self.environment()["ERL_EPMD_PORT"]
        with contextlib.suppress(server.LabError, OSError):
            server.run(self.program("epmd", "-port", port, "-kill"))

    def environment(self) -> dict[str, str]:
        home = str(self.data)
        return {
            "HOME": home,
            "RABBITMQ_NODENAME": f"lab{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.state.port(f"{self.name}-dist")),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1}"
            ),
            "RABBITMQ_MNESIA_BASE": f"{home}/mnesia",
            "RABBITMQ_LOG_BASE": f"{home}/log",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": f"{home}/rabbitmq",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{home}/plugins",
            "RABBITMQ_PID_FILE": f"{home}/pid",
            "ERL_EPMD_PORT": str(self.state.port(self.mapper)),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    @property
    def url(self) -> str:
        """The address for oslo.messaging."""
        password = self.state.password(self.name)
        return f"rabbit://{self.user_name}:{password}@127.0.0.1:{self.port}/"

    def virtual_host(self, name: str) -> str:
        """Make a virtual host; gives its address for oslo.messaging.

        Services on different ones do not get each other's messages.
        """
        self._control("add_vhost", name)
        everything = [".*"] * 3
        self._control(
            "set_permissions", "-p", name, self.user_name, *everything
        )
        return f"{self.url}{name}"

    def remove_virtual_host(self, name: str) -> None:
        """Remove what `virtual_host` made, with its queues."""
        self._control("delete_vhost", name)

    def _control(self, *command: str) -> None:
        environment = self.environment()
        server.run(
            self.program(
                "/usr/lib/rabbitmq/bin/rabbitmqctl",
                *("-n", environment["RABBITMQ_NODENAME"]),
                *command,
            ),
            env=server.clean_environment() | environment,
        )


class RabbitMQ4(RabbitMQ):
    """A broker of a newer release.

    It refuses transient queues that are not exclusive, as a later release
    is going to by default (https://www.rabbitmq.com/docs/deprecated-features).
    """

    name = "rabbitmq4"
    packages = (tree.MAKER,)
    mapper = "rabbitmq4-epmd"
    settings = "deprecated_features.permit.transient_nonexcl_queues = false\n"
    modern = True

    def prepare(self) -> None:
        super().prepare()
        tree.Tree(self.state).make()

    def program(self, *argv: str) -> list[str]:
        shared: tuple[Path, ...] = (self.data,)
        return tree.Tree(self.state).command(argv, shared)
