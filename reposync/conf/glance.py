# SPDX-License-Identifier: Apache-2.0
"""Options of the Glance driver."""

from keystoneauth1 import loading
from oslo_config import cfg

GROUP = cfg.OptGroup(
    "glance",
    title="Glance",
    help="""
The image service that the ``glance`` driver keeps images in, and the account
it uses: either the options of keystoneauth in this group, or ``cloud``.
""",
)

_OWN = [
    cfg.StrOpt(
        "cloud",
        help="""
Name of a cloud in ``clouds.yaml``; where it is set, the account comes from
there and the options of keystoneauth here do not count.
""",
    ),
    cfg.StrOpt(
        "name_template",
        default="{name}",
        help="""
Name of an image.  ``{name}`` is the repository in its short form without the
tag, by which Zun finds images; ``{repository}``, ``{registry}`` and ``{tag}``
are its parts.
""",
    ),
    cfg.StrOpt(
        "visibility",
        default="shared",
        choices=["private", "shared", "community", "public"],
        mutable=True,
        help="""
Who sees an image.  ``shared`` shows it to the projects named in ``share``.
For ``public`` the account needs Glance's right to publish.
""",
    ),
    cfg.MultiStrOpt(
        "share",
        default=[],
        help="""
Projects to share images with, as ``NAME[:TAG] PROJECT_ID...``; may be given
several times.  The members of matching images are kept in step with it; the
projects accept an image by themselves.
""",
    ),
    cfg.BoolOpt(
        "protected",
        default=False,
        mutable=True,
        help="Protect images against deletion by anybody but this service.",
    ),
    cfg.IntOpt(
        "keep_previous",
        default=0,
        min=0,
        mutable=True,
        help="""
How many earlier images of a name and tag are kept, hidden, instead of being
deleted.  Who knows the id can still use a hidden image.
""",
    ),
    cfg.DictOpt(
        "properties",
        default={},
        mutable=True,
        help="More properties for every image, as ``key:value,...``.",
    ),
    cfg.IntOpt(
        "upload_timeout",
        default=600,
        min=1,
        mutable=True,
        help="""
Seconds that Glance may be silent in an upload, the time to store the last
piece included.
""",
    ),
]


OPTIONS = [
    *_OWN,
    *loading.get_auth_common_conf_options(),
    *loading.get_session_conf_options(),
    *loading.get_adapter_conf_options(include_deprecated=False),
]

#: Which of these there are depends on ``auth_type``; keystoneauth registers
#: them by itself.  They are listed for the sample and the reference.
LISTED = [
    *loading.get_auth_plugin_conf_options("password"),
    *loading.get_auth_plugin_conf_options("v3applicationcredential"),
]
