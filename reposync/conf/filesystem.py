# SPDX-License-Identifier: Apache-2.0
"""Options of the filesystem driver."""

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "filesystem",
    title="Filesystem",
    help="""
A directory as catalogue: an image is a directory with ``image.tar``, which
``docker load -i`` takes, and ``image.json``, which describes it.
""",
)

OPTIONS = [
    cfg.StrOpt(
        "directory",
        default="/var/lib/reposync/images",
        help="""
Where the images are.  Made if it is missing.  Directories have the mode 0750
and files 0640, whatever the umask is: others read them as a group, which they
get from the directory if it has the setgid bit (``chgrp GROUP``, ``chmod
2750``).  It is refused if another account than root owns it, or a directory
above it, or if others may write there.  Root may let a group write to it, as
Kubernetes does with ``fsGroup``.
""",
    ),
    cfg.IntOpt(
        "keep_previous",
        default=0,
        min=0,
        mutable=True,
        help="""
How many earlier images of a name and tag are kept, hidden, instead of being
deleted.
""",
    ),
    cfg.BoolOpt(
        "verify",
        default=True,
        mutable=True,
        help="""
Read an image back after it was written, and compare its hash.  It finds what
a disk or a file server got wrong, and takes about a second for each GB.
""",
    ),
]
