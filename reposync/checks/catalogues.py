# SPDX-License-Identifier: Apache-2.0
"""The catalogue that images are kept in, and the way to it."""

from collections.abc import Iterator
from pathlib import Path
import stat

from keystoneauth1 import exceptions as keystone
from openstack import config as openstack_config
from openstack import exceptions
from oslo_config import cfg

from reposync import permissions
from reposync.checks import addresses
from reposync.checks import logins


def catalogue(conf: cfg.ConfigOpts) -> Iterator[str]:
    """Look at the driver that is used."""
    found = _CHECKS.get(conf.conductor.driver)
    if found is not None:
        yield from found(conf)


def _glance(conf: cfg.ConfigOpts) -> Iterator[str]:
    options = conf.glance
    if options.cloud:
        yield from _cloud(options.cloud)
        return
    if options.insecure:
        yield logins.not_verified("glance", "Glance and Keystone")
    yield from logins.plain(conf, "glance")
    if addresses.is_plain(options.endpoint_override):
        yield (
            "[glance] endpoint_override: tokens and images go to Glance over "
            "plain HTTP. Use https://."
        )


def _cloud(name: str) -> Iterator[str]:
    """Look at an entry of ``clouds.yaml``."""
    try:
        region = openstack_config.OpenStackConfig().get_one(name)
    except (exceptions.ConfigException, keystone.ClientException):
        # The conductor says so: there is no entry, or it is incomplete.
        return
    if not region.get_requests_verify_args()[0]:
        yield (
            f"clouds.yaml, {name}: certificates are not verified, so anybody "
            "on the way can take the password. Remove verify and insecure, "
            "and set cacert."
        )
    if addresses.is_plain(region.get_auth_args().get("auth_url")):
        yield (
            f"clouds.yaml, {name}: the password goes to Keystone over plain "
            "HTTP. Use https://."
        )


def _opennebula(conf: cfg.ConfigOpts) -> Iterator[str]:
    options = conf.opennebula
    if options.insecure:
        yield logins.not_verified("opennebula", "the front end")
    if addresses.is_plain(options.endpoint):
        yield (
            "[opennebula] endpoint: the password goes to the front end over "
            "plain HTTP with each request. Use https://."
        )
    if options.path == "file":
        yield from _directory("opennebula", Path(options.directory))


def _filesystem(conf: cfg.ConfigOpts) -> Iterator[str]:
    yield from _directory("filesystem", Path(conf.filesystem.directory))


def _directory(group: str, path: Path) -> Iterator[str]:
    problem = permissions.danger(path)
    if problem:
        yield f"[{group}] directory: images could be changed: {problem}."
    if path.exists() and path.stat().st_mode & stat.S_IXOTH:
        yield (
            f"[{group}] directory: everybody on this host can get at {path}. "
            f"Give it to a group that may: chmod 2750 {path}, and chgrp."
        )


_CHECKS = {
    "filesystem": _filesystem,
    "glance": _glance,
    "opennebula": _opennebula,
}
