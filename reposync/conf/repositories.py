# SPDX-License-Identifier: Apache-2.0
"""Options of the list of mirrored repositories."""

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "repositories",
    title="Repositories",
    help="""
The list of what is mirrored: what a synchronisation copies and what webhooks
may ask for.
""",
)

OPTIONS = [
    cfg.StrOpt(
        "file",
        default="/etc/reposync/repositories.list",
        mutable=True,
        help="""
File with one ``name[:tag]`` a line; empty lines and what follows a ``#`` are
skipped.  ``name`` stands for the tag ``latest`` in a synchronisation and for
any tag in a webhook.  A name or tag with ``*`` is a pattern, for webhooks
only.  After the name, ``source=NAME`` chooses where its images are read from,
and ``delete=yes`` lets webhooks have them deleted.  The file is read anew
each time, by the API and by the conductors.
""",
    ),
]
