# SPDX-License-Identifier: Apache-2.0
"""Files with secrets, and who else can read them."""

from collections.abc import Iterator
import contextlib
import grp
import os
from pathlib import Path
import stat

from openstack import config as openstack_config
from openstack import exceptions
from oslo_config import cfg

from reposync import permissions
from reposync.db.connection import address

#: The account that the installation page makes.
_GROUP = "reposync"
#: Options that name a file with a secret.
_OPTIONS = (
    ("api", "tls_key_file"),
    ("api", "token_file"),
    ("docker", "tls_key_file"),
    ("opennebula", "auth_file"),
    ("oslo_messaging_rabbit", "ssl_key_file"),
    ("registry", "auth_file"),
)


def secret_files(conf: cfg.ConfigOpts) -> Iterator[str]:
    """List the files that others can read or change."""
    for place, path in dict.fromkeys(_files(conf)):
        try:
            found = path.stat()
        except OSError:
            # Whoever needs it says so.
            continue
        if text := _problem(path, found):
            yield f"{place}: {text}"


def _problem(path: Path, found: os.stat_result) -> str | None:
    if not permissions.is_trusted(found):
        return f"{path} belongs to another account. Give it to root: chown."
    mode = found.st_mode
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"others can change {path}. chmod go-w {path}"
    if mode & stat.S_IROTH:
        return f"everybody on this host can read {path}. chmod o= {path}"
    if mode & stat.S_IRGRP and found.st_gid not in _groups():
        name = _name(found.st_gid)
        return f"the group {name} can read {path}. chgrp {_GROUP} {path}"
    return None


def _files(conf: cfg.ConfigOpts) -> Iterator[tuple[str, Path]]:
    for name in conf.config_file or []:
        yield "configuration", Path(name)
    for name in conf.config_dir or []:
        for path in sorted(Path(name).glob("*.conf")):
            yield "configuration", path
    for group, option in _OPTIONS:
        if value := conf[group][option]:
            yield f"[{group}] {option}", Path(value)
    if conf.conductor.driver == "glance" and conf.glance.cloud:
        for path in _clouds():
            yield "clouds.yaml", path
    found = address.read(conf.database.connection)
    if found is not None and found.kind == "sqlite" and found.path:
        yield "[database] connection", Path(found.path)


def _clouds() -> Iterator[Path]:
    """Yield the files that openstacksdk reads, the first of each kind."""
    try:
        found = openstack_config.OpenStackConfig()
    except exceptions.ConfigException:
        # It is no such file; the check of the catalogue goes on without it.
        return
    for name in (found.config_filename, found.secure_config_filename):
        if name:
            yield Path(name)


def _groups() -> set[int]:
    """Give the groups that have no other account in them, as a rule."""
    groups = {os.getegid()}
    with contextlib.suppress(KeyError):
        groups.add(grp.getgrnam(_GROUP).gr_gid)
    return groups


def _name(group: int) -> str:
    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)
