# SPDX-License-Identifier: Apache-2.0
"""Options of container registries."""

from oslo_config import cfg
from oslo_config import types

GROUP = cfg.OptGroup(
    "registry",
    title="Registries",
    help="""
How registries are spoken to.  The credentials count for every source; the
other options for the source ``registry``, since a Docker engine has its own.
""",
)

#: Addresses between blanks, without accounts.
_MIRRORS = (
    r"(?:(?:^|\s+)(?:https?://)?(?:[\w.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?"
    r"(?:/[a-z0-9][a-z0-9._/-]*)?/?)+\s*$"
)

#: A host, an address or a network, with a port; no address of the web.
_LISTED = (
    r"^(?:(?:\*\.)?[\w.-]+(?::\d{1,5})?|[\d.]+/\d{1,2}(?::\d{1,5})?"
    r"|\[?[\da-fA-F:.]+\]?(?:/\d{1,3})?"
    r"|\[[\da-fA-F:.]+(?:/\d{1,3})?\]:\d{1,5})$"
)

OPTIONS = [
    cfg.StrOpt(
        "auth_file",
        mutable=True,
        help="""
Credentials of registries in the format of Docker's ``config.json``, as
``docker login``, ``podman login`` and ``skopeo login`` write it.  A key may
name a registry or a part of one, such as ``registry.example.org/team``; the
longest that fits counts.  Credential helpers are asked, too.  Read anew for
each image.
""",
    ),
    cfg.StrOpt(
        "auth_config",
        secret=True,
        help="""
Credentials of registries as JSON, in the same format as ``auth_file``; they
come before those of the file.
""",
    ),
    cfg.StrOpt(
        "ca_file",
        help="""
Certificates of the authorities that vouch for registries, instead of those
of the system.
""",
    ),
    cfg.ListOpt(
        "insecure",
        default=[],
        mutable=True,
        help="""
Registries that need no valid certificate or may speak plain HTTP: host,
``host:port``, ``*.domain``, or a network such as ``10.1.0.0/16``.  Passwords
are sent to them, too: whoever listens on the way reads them.  Any registry
may lead the service to these hosts, as to those of ``allowed_private_hosts``.
A registry on this machine has to be listed as well: ``localhost:5000``.
""",
    ),
    cfg.ListOpt(
        "allowed_private_hosts",
        item_type=types.String(regex=_LISTED),
        default=[],
        mutable=True,
        help="""
Hosts inside that registries may lead the service to, by redirects and by the
token servers they name: host, ``host:port``, ``*.domain``, or a network such
as ``10.1.0.0/16``.  Without it a registry at a public address leads to public
addresses alone, and one at a private address not to loopback and link-local
ones, where metadata of clouds are.  Registries with TLS that are themselves
at a loopback or link-local address are listed here, too.  Certificates are
checked.
""",
    ),
    cfg.Opt(
        "mirrors",
        type=types.Dict(
            value_type=types.String(regex=_MIRRORS), key_value_separator="="
        ),
        default={},
        mutable=True,
        help="""
Registries that are asked before the one an image's name says, as
``registry=mirror`` pairs: ``docker.io=mirror.example.org:5000``.  A mirror
that keeps images below a name of its own, as the proxies of Harbor,
Artifactory and Nexus do, is given with it:
``docker.io=harbor.example.org/docker_hub``.  ``http://`` in front lets it
speak plain HTTP.  Several mirrors of a registry are separated by blanks and
asked in that order.  What a mirror does not have, refuses, or serves wrongly
is read from the next one, and from the registry itself in the end.
""",
    ),
    cfg.IntOpt(
        "max_image_size",
        default=1024,
        min=1,
        max=1024**2,
        mutable=True,
        help="""
Largest image that is copied, in GiB: the sum of its layers as the registry
has them, and as they are stored after those packed with Zstandard were
unpacked.  A larger one fails with ``image_unsupported`` before a layer is
stored; a Docker engine is told to stop when its pull turns out to be larger.
Glance has a limit of its own, ``image_size_cap``.
""",
    ),
    cfg.IntOpt(
        "concurrency",
        default=16,
        min=1,
        help="""
Number of requests that one conductor has open at a registry at a time.  A
running copy needs one, and takes a second one if it is free while it goes on
from a layer to the next; a synchronisation uses the rest to ask what changed.
""",
    ),
    cfg.FloatOpt(
        "requests_per_second",
        default=0.0,
        min=0.0,
        help="""
Most requests a second that one conductor sends to a registry; 0 for as many
as there are to be sent.
""",
    ),
    cfg.IntOpt(
        "attempts",
        default=5,
        min=1,
        mutable=True,
        help="""
How often one request is sent that fails for a reason that may go away, and
how often in a row a broken download is asked for without bringing a byte that
was not there before.  After that the operation itself waits and is tried
again.  A mirror is asked once.
""",
    ),
    cfg.IntOpt(
        "connect_timeout",
        default=10,
        min=1,
        help="Seconds until a registry must have taken a connection.",
    ),
    cfg.IntOpt(
        "read_timeout",
        default=60,
        min=1,
        help="""
Seconds without a byte after which a connection is given up.  The head of an
answer, and each manifest, configuration, list of tags and token, has to be
there as a whole in this time.
""",
    ),
    cfg.IntOpt(
        "lowest_rate",
        default=4096,
        min=0,
        help="""
Bytes a second below which a download is given up and asked for again, as a
mean over 1 MiB or what is left of a layer; ``read_timeout`` is always waited.
0 for none: then a registry that sends a byte now and then holds a worker for
as long as it likes.
""",
    ),
]
