# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL and MariaDB."""

from pathlib import Path
import shutil
import signal

from lab import server


class PostgreSQL(server.Server):
    """A cluster of its own; trusts a password only."""

    name = "postgresql"
    packages = ("postgresql",)
    stop_signal = signal.SIGINT

    def user(self) -> str:
        return "postgres"

    @property
    def data(self) -> Path:
        return self.state.directory_for("postgres", self.name)

    def prepare(self) -> None:
        home = self.data / "cluster"
        if (home / "PG_VERSION").exists():
            # After a power cut it would take a pid of long ago for true.
            (home / "postmaster.pid").unlink(missing_ok=True)
            for path in (self.state.run / "postgresql").glob(".s.PGSQL.*"):
                path.unlink()
            return
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        secret = self.state.run / "postgresql.secret"
        secret.write_text(self.state.password(self.name))
        for path in (home, secret):
            shutil.chown(path, "postgres", "postgres")
        secret.chmod(0o600)
        server.run(
            [
                _newest("initdb"),
                f"--pgdata={home}",
                "--auth=scram-sha-256",
                "--username=lab",
                f"--pwfile={secret}",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            user="postgres",
            group="postgres",
            cwd="/",
        )
        secret.unlink()

    def command(self) -> list[str]:
        run = self.state.run / "postgresql"
        run.mkdir(exist_ok=True)
        shutil.chown(run, "postgres", "postgres")
        return [
            _newest("postgres"),
            "-D",
            str(self.data / "cluster"),
            *("-c", "listen_addresses=127.0.0.1"),
            *("-c", f"port={self.port}"),
            *("-c", f"unix_socket_directories={run}"),
            *("-c", "max_connections=300"),
            *("-c", "synchronous_commit=off"),
        ]

    def ready(self) -> bool:
        try:
            self.sql("SELECT 1")
        except server.LabError:
            return False
        return True

    def sql(self, statement: str) -> str:
        """Run a statement as the administrator."""
        password = self.state.password(self.name)
        address = f"postgresql://lab:{password}@127.0.0.1:{self.port}/postgres"
        return server.run(
            ["psql", "-X", "-A", "-t", "-q", "-c", statement, address]
        ).strip()

    def database(self, name: str) -> str:
        """Make a database if it is missing; returns its address."""
        query = f"SELECT 1 FROM pg_database WHERE datname = '{name}'"
        if self.sql(query) != "1":
            self.sql(f'CREATE DATABASE "{name}"')
        return self.url + name

    @property
    def url(self) -> str:
        """The address, to which the name of a database is added."""
        password = self.state.password(self.name)
        return f"postgresql+psycopg2://lab:{password}@127.0.0.1:{self.port}/"


class MariaDB(server.Server):
    """A server of its own; an account that may make databases."""

    name = "mariadb"
    packages = ("mariadb-server",)

    def user(self) -> str:
        return "mysql"

    @property
    def data(self) -> Path:
        return self.state.directory_for("mysql", self.name)

    @property
    def run(self) -> Path:
        """The directory of its socket."""
        return self.state.run / self.name

    def prepare(self) -> None:
        home = self.data / "data"
        if not (home / "mysql").exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            shutil.chown(home, "mysql", "mysql")
            server.run(
                [
                    "mariadb-install-db",
                    "--no-defaults",
                    "--user=mysql",
                    f"--datadir={home}",
                    "--skip-test-db",
                    "--auth-root-authentication-method=normal",
                ],
                cwd="/",
            )
        run = self.run
        run.mkdir(exist_ok=True)
        shutil.chown(run, "mysql", "mysql")
        init = run / "init.sql"
        password = self.state.password(self.name)
        init.write_text(
            "CREATE OR REPLACE USER lab@'127.0.0.1' IDENTIFIED BY "
            f"'{password}';\n"
            "GRANT ALL ON *.* TO lab@'127.0.0.1';\n"
            "ALTER USER root@localhost ACCOUNT LOCK;\n"
        )
        shutil.chown(init, "mysql", "mysql")
        init.chmod(0o600)

    def command(self) -> list[str]:
        return [
            shutil.which("mariadbd", path="/usr/sbin:/usr/bin") or "mariadbd",
            "--no-defaults",
            f"--datadir={self.data / 'data'}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            f"--socket={self.run / 'socket'}",
            f"--pid-file={self.run / 'pid'}",
            f"--init-file={self.run / 'init.sql'}",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--innodb-flush-log-at-trx-commit=2",
        ]

    @property
    def url(self) -> str:
        """The address, to which the name of a database is added."""
        password = self.state.password(self.name)
        return f"mysql+pymysql://lab:{password}@127.0.0.1:{self.port}/"


def _newest(program: str) -> str:
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{program}"),
        key=lambda path: int(path.parts[4]),
    )
    if not found:
        raise server.LabError(f"PostgreSQL's {program} is not installed")
    return str(found[-1])
