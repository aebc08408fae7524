# SPDX-License-Identifier: Apache-2.0
"""What of a deployment is open that need not be; for ``reposync-status``.

A check is a function of the configuration that yields a sentence for each
thing it finds: what is open, where, and what to do.  No sentence has a value
that is secret.  Nothing is connected to.
"""

from collections.abc import Callable
from collections.abc import Iterator

from oslo_config import cfg

from reposync.checks import catalogues
from reposync.checks import files
from reposync.checks import interface
from reposync.checks import limits
from reposync.checks import registries
from reposync.checks import rules
from reposync.checks import servers
from reposync.checks import words

Check = Callable[[cfg.ConfigOpts], Iterator[str]]

ALL: tuple[tuple[str, Check], ...] = (
    ("Message bus", servers.message_bus),
    ("Database", servers.database),
    ("Keystone", servers.keystone),
    ("Catalogue", catalogues.catalogue),
    ("Registries", registries.registries),
    ("Docker engine", registries.engine),
    ("Addresses of the API", interface.listening),
    ("Browsers", interface.browsers),
    ("Webhooks", interface.webhooks),
    ("Metrics", interface.metrics),
    ("Debugging", interface.debugging),
    ("Files with secrets", files.secret_files),
    ("Secrets", words.secrets),
    ("Limits", limits.limits),
    ("Policies", rules.rules),
)
