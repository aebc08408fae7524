# SPDX-License-Identifier: Apache-2.0
"""Accounts of keystoneauth in a group of the configuration."""

from collections.abc import Iterator
from typing import Any

from keystoneauth1 import exceptions
from keystoneauth1 import loading
from oslo_config import cfg

from reposync.checks import addresses

#: Options of its plugins that hold secrets.
_SECRETS = ("password", "application_credential_secret")


def load(conf: cfg.ConfigOpts, group: str) -> tuple[Any, Any]:
    """Make an account of the options.

    keystoneauth registers some of them as required, which would be asked for
    ever after; so it gets a configuration of its own.

    :returns: the options, and the account; None where they are incomplete,
        which the health of the services says
    """
    own = cfg.ConfigOpts()
    own(
        [],
        project="reposync",
        default_config_files=conf.config_file or [],
        default_config_dirs=conf.config_dir or [],
    )
    loading.register_auth_conf_options(own, group)
    try:
        account = loading.load_auth_from_conf_options(own, group)
    except exceptions.ClientException:
        account = None
    return own[group], account


def passwords(conf: cfg.ConfigOpts, group: str) -> Iterator[tuple[str, str]]:
    """Yield the secrets of the account, by option."""
    options, _ = load(conf, group)
    for name in _SECRETS:
        # Which of them there are depends on auth_type.
        if value := getattr(options, name, None):
            yield f"[{group}] {name}", value


def plain(conf: cfg.ConfigOpts, group: str) -> Iterator[str]:
    """Look at the way of the password to Keystone."""
    _, account = load(conf, group)
    if addresses.is_plain(getattr(account, "auth_url", None)):
        yield (
            f"[{group}] auth_url: the password goes to Keystone over plain "
            "HTTP. Use https://."
        )


def not_verified(group: str, server: str) -> str:
    """Say that a certificate is not verified."""
    return (
        f"[{group}] insecure: the certificate of {server} is not verified, so "
        "anybody on the way can take the password. Set insecure = false and "
        "cafile."
    )
