# SPDX-License-Identifier: Apache-2.0
"""Keystone and Glance under uWSGI, and variants of them for tests."""

import json
from pathlib import Path
from typing import Any
import urllib.request

from lab import accounts
from lab import cloud_venv
from lab import databases
from lab import server

REGION = "RegionOne"


class Wsgi(server.Server):
    """A WSGI application under uWSGI, with its configuration file."""

    packages = ("libpq5",)
    stop_signal = server.signal.SIGINT
    module: str
    service: str

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def venv(self) -> Path:
        """The environment it runs in."""
        return cloud_venv.make(self.state)

    @property
    def config(self) -> Path:
        """The directory with its configuration file."""
        return self.data

    def options(self) -> dict[str, dict[str, Any]]:
        """Give the options by group."""
        raise NotImplementedError

    def prepare(self) -> None:
        text = "".join(
            f"[{group}]\n"
            + "".join(f"{key} = {value}\n" for key, value in options.items())
            for group, options in self.options().items()
        )
        path = self.config / f"{self.service}.conf"
        path.write_text(text)
        path.chmod(0o600)

    def command(self) -> list[str]:
        # uWSGI's own HTTP socket drops connections that are kept open, so
        # every answer closes its connection.
        return [
            str(self.venv / "bin/uwsgi"),
            f"--http-socket=127.0.0.1:{self.port}",
            f"--home={self.venv}",
            f"--module={self.module}",
            "--add-header=Connection: close",
            "--master",
            "--die-on-term",
            "--lazy-apps",
            "--enable-threads",
            "--processes=2",
            "--threads=4",
            "--buffer-size=65535",
            "--http-timeout=3600",
            "--socket-timeout=60",
            "--thunder-lock",
            "--disable-logging",
            "--need-app",
        ]

    def ready(self) -> bool:
        try:
            urllib.request.urlopen(self.url, timeout=30).close()
        except urllib.error.HTTPError as answer:
            return answer.code == 300
        except OSError:
            return False
        return True

    def database(self, name: str) -> str:
        """Give the address of a database, made if it is missing."""
        return databases.PostgreSQL(self.state).database(name)

    def manage(self, *arguments: str) -> str:
        """Run the service's own tool for administrators."""
        tool = self.venv / "bin" / f"{self.service}-manage"
        option = f"--config-file={self.config / self.service}.conf"
        return server.run([str(tool), option, *arguments], cwd=self.data)


class Keystone(Wsgi):
    """The identity service, with the lab's accounts and its catalogue."""

    name = "keystone"
    service = "keystone"
    module = "keystone.wsgi.api:application"
    after = ("postgresql",)
    expiration = 14400

    def options(self) -> dict[str, dict[str, Any]]:
        keys = self.state.directory("keystone") / "keys"
        return {
            "DEFAULT": {"use_stderr": True, "debug": False},
            "database": {
                "connection": self.database("keystone"),
                "max_pool_size": 5,
            },
            "token": {"expiration": self.expiration, "provider": "fernet"},
            "fernet_tokens": {"key_repository": keys / "fernet"},
            "credential": {"key_repository": keys / "credential"},
            "cache": {"enabled": False},
            "security_compliance": {"lockout_failure_attempts": ""},
            "identity": {"password_hash_rounds": 4},
        }

    def environment(self) -> dict[str, str]:
        return {"OS_KEYSTONE_CONFIG_DIR": str(self.config)}

    def prepare(self) -> None:
        super().prepare()
        if self.state.get("keystone-made", bool):
            return
        keys = self.data / "keys"
        for kind in ("fernet", "credential"):
            (keys / kind).mkdir(parents=True, exist_ok=True)
            (keys / kind).chmod(0o700)
        self.manage("db_sync")
        owner = ("--keystone-user=root", "--keystone-group=root")
        self.manage("fernet_setup", *owner)
        self.manage("credential_setup", *owner)
        self.state.put("keystone-made", True)

    def complete(self) -> None:
        # The addresses in the catalogue are those of this start.
        ports = {
            name: self.state.port(name) for name in ("keystone", "glance")
        } | {"reposync": self.state.port("api")}
        wanted = json.dumps([ports, accounts.VERSION])
        if self.state.get("catalogue", str) == wanted:
            return
        self.manage(
            "bootstrap",
            f"--bootstrap-password={self.state.password('admin')}",
            *("--bootstrap-service-name", "keystone"),
            *("--bootstrap-region-id", REGION),
            f"--bootstrap-public-url={self.url}/v3",
            f"--bootstrap-internal-url={self.url}/v3",
            f"--bootstrap-admin-url={self.url}/v3",
        )
        accounts.fill(self.state, self.url, ports)
        self.state.put("catalogue", wanted)


class KeystoneShort(Keystone):
    """The same accounts and keys, but its tokens expire in two seconds."""

    name = "keystone-short"
    after = ("keystone",)
    by_default = False
    expiration = 2

    def complete(self) -> None:
        pass


class Glance(Wsgi):
    """The image service, with its images in files."""

    name = "glance"
    service = "glance-api"
    module = "glance.wsgi.api:application"
    after = ("keystone",)

    def options(self) -> dict[str, dict[str, Any]]:
        home = self.state.directory("glance")
        for name in ("store", "work", "tasks"):
            (home / name).mkdir(exist_ok=True)
        keystone = f"http://127.0.0.1:{self.state.port('keystone')}"
        account = {
            "auth_type": "password",
            "auth_url": f"{keystone}/v3",
            "www_authenticate_uri": f"{keystone}/v3",
            "username": "glance",
            "password": self.state.password("glance"),
            "project_name": "service",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
            "region_name": REGION,
        }
        return {
            "DEFAULT": {
                "use_stderr": True,
                "enabled_backends": "files:file",
                "show_multiple_locations": False,
                "use_keystone_limits": False,
                "node_staging_uri": f"file://{home}/work",
            },
            "database": {"connection": self.database("glance")},
            "glance_store": {"default_backend": "files"},
            "files": {"filesystem_store_datadir": home / "store"},
            "os_glance_tasks_store": {
                "filesystem_store_datadir": home / "tasks"
            },
            "os_glance_staging_store": {
                "filesystem_store_datadir": home / "work"
            },
            "keystone_authtoken": account,
            "paste_deploy": {"flavor": "keystone"},
            "oslo_policy": {"enforce_scope": False},
        }

    def prepare(self) -> None:
        super().prepare()
        paste = self.venv / "etc/glance/glance-api-paste.ini"
        (self.config / "glance-api-paste.ini").write_text(paste.read_text())
        if not self.state.get("glance-made", bool):
            server.run(
                [
                    str(self.venv / "bin/glance-manage"),
                    f"--config-file={self.config}/glance-api.conf",
                    "db_sync",
                ],
                cwd=self.data,
            )
            self.state.put("glance-made", True)

    def environment(self) -> dict[str, str]:
        return {"OS_GLANCE_CONFIG_DIR": str(self.config)}


class GlanceQuota(Glance):
    """The same images, but none may be larger than 1 MiB."""

    name = "glance-quota"
    after = ("glance",)
    by_default = False

    def options(self) -> dict[str, dict[str, Any]]:
        options = super().options()
        options["DEFAULT"]["image_size_cap"] = 1 << 20
        return options


class GlanceSha256(Glance):
    """The same images, but new ones have another hash."""

    name = "glance-sha256"
    after = ("glance",)
    by_default = False

    def options(self) -> dict[str, dict[str, Any]]:
        options = super().options()
        options["DEFAULT"]["hashing_algorithm"] = "sha256"
        return options


class GlanceNoDocker(Glance):
    """The same images, but container images are switched off."""

    name = "glance-nodocker"
    after = ("glance",)
    by_default = False

    def options(self) -> dict[str, dict[str, Any]]:
        formats = {"container_formats": "ami,ari,aki,bare,ovf"}
        return super().options() | {"image_format": formats}
