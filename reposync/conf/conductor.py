# SPDX-License-Identifier: Apache-2.0
"""Options of the conductor."""

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "conductor",
    title="Conductor",
    help="""
The conductor does the work: it reads images from a source and keeps them in
a catalogue through a driver.  Any number of conductors share one database.
""",
)

OPTIONS = [
    cfg.StrOpt(
        "source",
        default="docker",
        help="""
Where images are read from: an entry point of the namespace
``reposync.sources``.  ``docker`` pulls through a Docker engine; ``registry``
reads the registry itself, needs no engine and no disk, and is faster.  A line
of the list of repositories may choose another one for its images with
``source=NAME``.
""",
    ),
    cfg.StrOpt(
        "driver",
        default="glance",
        help="""
The kind of catalogue images are kept in: an entry point of the namespace
``reposync.drivers``, such as ``glance``, ``opennebula`` or ``filesystem``.
""",
    ),
    cfg.StrOpt(
        "platform",
        default="linux/amd64",
        regex=r"[a-z0-9]+/[a-z0-9]+(/[a-z0-9.]+)?",
        help="""
Platform of the images, as ``os/architecture[/variant]`` in the words of
registries, such as ``linux/amd64`` or ``linux/arm64/v8``.
""",
    ),
    cfg.HostAddressOpt(
        "host",
        sample_default="the name of the host",
        help="""
Name of this host among those that conductors run on.  No two hosts may have
the same one; several conductors of one host share it.
""",
    ),
    cfg.IntOpt(
        "workers",
        default=4,
        min=1,
        max=256,
        help="Number of operations one conductor works on at a time.",
    ),
    cfg.IntOpt(
        "lease",
        default=180,
        min=3,
        mutable=True,
        help="""
Seconds after the last sign of life of a conductor until another one takes
its operations over.  A shorter time finds a dead conductor sooner; a longer
one survives a longer outage of the database without repeating work.
""",
    ),
    cfg.IntOpt(
        "heartbeat",
        default=20,
        min=1,
        mutable=True,
        help="""
Seconds between two signs of life.  Keep it well below ``lease``: a ninth is
a good measure.
""",
    ),
    cfg.IntOpt(
        "poll_interval",
        default=5,
        min=1,
        mutable=True,
        help="""
Seconds between two looks into the database for waiting operations.  The
message bus wakes a conductor at once; this is the longest an operation waits
whose message got lost.
""",
    ),
    cfg.IntOpt(
        "max_attempts",
        default=5,
        min=1,
        mutable=True,
        help="""
How often an operation is begun before it is given up, counting the attempts
of conductors that died.
""",
    ),
    cfg.IntOpt(
        "max_age",
        default=24 * 3600,
        min=1,
        mutable=True,
        help="""
Seconds after an operation was begun first that it is given up, however often
it may still be tried: a registry that always asks to come back later would
keep it for ever.
""",
    ),
    cfg.IntOpt(
        "retry_delay",
        default=10,
        min=1,
        mutable=True,
        help="""
Seconds before the second attempt after an error that may go away by itself;
doubled for each further one, 15 minutes at most.  A registry that names a
time of its own is obeyed.
""",
    ),
    cfg.IntOpt(
        "retention",
        default=30 * 24 * 3600,
        min=0,
        mutable=True,
        help="""
Seconds that operations are kept after they have ended; 0 keeps them for ever.
A synchronisation goes together with its parts.  Any conductor purges for all:
set it alike everywhere.
""",
    ),
]
