# SPDX-License-Identifier: Apache-2.0
"""The options of the service, one module a group.

A module has ``GROUP``, ``OPTIONS`` and, if a library registers more options
in its group, ``LISTED``.  The one configuration object is
:data:`oslo_config.cfg.CONF`, because oslo.messaging registers some of its own
options nowhere else; everything gets it as an argument.
"""

import importlib
import pkgutil
from types import ModuleType

from oslo_config import cfg


def modules() -> list[ModuleType]:
    """List the modules of all groups, in the order of their names."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__))
    return [importlib.import_module(f"{__name__}.{name}") for name in names]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register all options of the service."""
    for module in modules():
        conf.register_group(module.GROUP)
        conf.register_opts(module.OPTIONS, group=module.GROUP)


def list_opts() -> list[tuple[cfg.OptGroup, list[cfg.Opt]]]:
    """List all options for the sample file and the reference."""
    return [
        (module.GROUP, [*module.OPTIONS, *getattr(module, "LISTED", ())])
        for module in modules()
    ]
