# SPDX-License-Identifier: Apache-2.0
"""Options of the OpenNebula driver."""

import string

from oslo_config import cfg
from oslo_config import types

GROUP = cfg.OptGroup(
    "opennebula",
    title="OpenNebula",
    help="""
The front end of the cloud that the ``opennebula`` driver keeps images in, the
account it uses, and how an image gets into the datastore.
""",
)

_FIELDS = ("name", "repository", "registry", "tag")


class _Template(types.String):
    """Text with at least one of `_FIELDS`."""

    def __call__(self, value: object) -> str:
        """Read it; a field that is unknown would fail at the first image."""
        text = str(super().__call__(value))
        parts = list(string.Formatter().parse(text))
        found = [part for part in parts if part[1] is not None]
        if not found or any(
            field not in _FIELDS or spec or conversion
            for _, field, spec, conversion in found
        ):
            raise ValueError(
                f"{text!r} has to hold some of {{name}}, {{repository}}, "
                "{registry} and {tag}, and no other field"
            )
        return text


OPTIONS = [
    cfg.URIOpt(
        "endpoint",
        default="http://localhost:2633/RPC2",
        schemes=["http", "https"],
        help="""
Address of the XML-RPC interface, which OpenNebula's own tools read from
``ONE_XMLRPC``.  The password travels in every request: use ``https`` unless
it stays on one host.
""",
    ),
    cfg.StrOpt(
        "auth_file",
        help="""
File with the account as one line ``user:password``, as OpenNebula's own tools
read it from ``ONE_AUTH``.  It is read anew for each request, so a changed
password counts at once.  Where it is set, ``user`` and ``password`` do not
count.
""",
    ),
    cfg.StrOpt("user", help="Name of the account."),
    cfg.StrOpt(
        "password",
        secret=True,
        help="Password or token of the account.",
    ),
    cfg.StrOpt(
        "datastore",
        default="onedock",
        help="Name or id of the datastore for images.",
    ),
    cfg.StrOpt(
        "path",
        default="docker",
        choices=[
            ("docker", "``docker://NAME:TAG``; the datastore fetches it"),
            ("file", "a file or an address below ``path_prefix``"),
        ],
        help="""
How an image gets into the datastore.  For ``docker`` the datastore's driver
has to know ``docker://NAME:TAG``: ONEDock's does, OpenNebula's own ones do
not.  For ``file`` this service writes the archive into ``directory``, from
where the front end takes it, and removes it when the image is ready.
""",
    ),
    cfg.StrOpt(
        "directory",
        default="/var/tmp/reposync",  # noqa: S108 (what OpenNebula reads)
        help="""
Where archives are written to with ``path = file``.  Made if it is missing,
readable for everybody.  The front end must be able to read it: share it, or
serve it over HTTP.  It is refused if it belongs to another account, or if
others may write to it.
""",
    ),
    cfg.StrOpt(
        "path_prefix",
        help="""
What the front end has to put before the name of a file in ``directory``: a
directory, or an address such as ``http://host/archives``.  ``directory``
itself by default.  A directory has to be one of the datastore's
``SAFE_DIRS``.
""",
    ),
    cfg.Opt(
        "name_template",
        type=_Template(),
        default="{name}_{tag}",
        help="""
Name of an image.  ``{name}`` is the repository in its short form,
``{repository}``, ``{registry}`` and ``{tag}`` are its parts, in which ``/``
becomes ``_``, ``_`` becomes ``__`` and ``:`` becomes ``@``.  OpenNebula wants
names to be unique for each owner, so leave ``{tag}`` in.
""",
    ),
    cfg.DictOpt(
        "attributes",
        default={},
        help="More attributes for every image, as ``KEY:value,...``.",
    ),
    cfg.StrOpt(
        "group",
        help="""
Name or id of the group that images are given to; one of the account's.
""",
    ),
    cfg.StrOpt(
        "mode",
        regex="^[0-7]{3}$",
        help="""
Rights of the owner, the group and others, as ``oneimage chmod`` takes them:
4 to use, 2 to manage, 1 to administer.  ``640`` shows images to the group.
Begin it with 6.  Only accounts of the group ``oneadmin`` set 1.
""",
    ),
    cfg.MultiStrOpt(
        "share",
        default=[],
        help="""
Groups and rights of some images, as ``NAME[:TAG] GROUP [MODE]``, instead of
``group`` and ``mode``; may be given several times, and the first that fits
counts.
""",
    ),
    cfg.StrOpt(
        "pool",
        default="all",
        choices=[
            ("all", "those of ``groups``, and those that all may use"),
            ("mine", "those of the account"),
            ("group", "those of the account's first group"),
            ("groups", "those of the account and its groups"),
        ],
        help="""
Which images are shown to callers, by the rights of the images: those of a
group, if the group or all may use them.  Nothing else is shown, whatever the
account itself may see.
""",
    ),
    cfg.IntOpt(
        "keep_previous",
        default=0,
        min=0,
        help="""
How many earlier images of a name and tag are kept, under another name,
instead of being deleted.
""",
    ),
    cfg.IntOpt(
        "ready_timeout",
        default=1800,
        min=1,
        help="Seconds that OpenNebula may take until a new image is ready.",
    ),
    cfg.FloatOpt(
        "poll_interval",
        default=2.0,
        min=0.01,
        help="Seconds between two looks at an image that is not ready yet.",
    ),
    cfg.IntOpt(
        "timeout",
        default=60,
        min=1,
        help="Seconds to wait for an answer of the front end.",
    ),
    cfg.StrOpt(
        "cafile",
        help="""
File with the certificates that the front end's is verified with, instead of
those of the system.
""",
    ),
    cfg.BoolOpt(
        "insecure",
        default=False,
        help="Do not verify the front end's certificate.",
    ),
]
