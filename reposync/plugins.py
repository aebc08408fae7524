# SPDX-License-Identifier: Apache-2.0
"""Loads sources and drivers by name."""

from typing import Any

from oslo_config import cfg
import stevedore
from stevedore import exception as stevedore_exception

from reposync.drivers import base as driver
from reposync.sources import base as source

_SOURCES = "reposync.sources"
_DRIVERS = "reposync.drivers"


class UnknownPlugin(Exception):
    """The configuration names a plugin that is not installed."""


def load_source(conf: cfg.ConfigOpts, name: str) -> source.Source:
    """Make a source.

    :param name: of its entry point
    :raises UnknownPlugin: there is none of this name
    """
    loaded: source.Source = _load(_SOURCES, name, conf)
    return loaded


def load_driver(conf: cfg.ConfigOpts) -> driver.Driver:
    """Make the driver that the configuration names.

    :raises UnknownPlugin: there is none of this name
    """
    loaded: driver.Driver = _load(_DRIVERS, conf.conductor.driver, conf)
    return loaded


def _load(namespace: str, name: str, conf: cfg.ConfigOpts) -> Any:
    try:
        manager: stevedore.DriverManager[Any] = stevedore.DriverManager(
            namespace, name, invoke_on_load=True, invoke_args=(conf,)
        )
    except stevedore_exception.NoMatches as error:
        found = sorted(
            stevedore.ExtensionManager(namespace).entry_points_names()
        )
        raise UnknownPlugin(
            f"There is no {name!r} in {namespace}. Installed are: "
            f"{', '.join(found) or 'none'}"
        ) from error
    return manager.driver
