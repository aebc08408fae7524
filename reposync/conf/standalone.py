# SPDX-License-Identifier: Apache-2.0
"""Options of the single-process mode."""

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "standalone",
    title="Standalone",
    help="""
``reposync-standalone`` is the whole service in one process: no message bus,
no database server, no Keystone.  It changes the defaults of other options to
suit that; what the configuration sets still counts.
""",
)

OPTIONS = [
    cfg.StrOpt(
        "directory",
        default="~/.local/share/reposync",
        help="""
Where it keeps its database, its token, its list of repositories and the
images.  Made at the first start.
""",
    ),
]
