# SPDX-License-Identifier: Apache-2.0
"""Options of the Docker engine."""

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "docker",
    title="Docker engine",
    help="""
The engine through which the ``docker`` source pulls images.  It may serve
others, too: images that were there before a copy stay.
""",
)

OPTIONS = [
    cfg.StrOpt(
        "host",
        default="unix:///var/run/docker.sock",
        help="""
Where the engine listens: ``unix:///path`` or ``tcp://host:port``.  Over TCP
set the three options of TLS: whoever reaches an engine without it is root on
its host.
""",
    ),
    cfg.StrOpt(
        "tls_ca_file",
        help="Certificates of the authorities that vouch for the engine.",
    ),
    cfg.StrOpt("tls_cert_file", help="The certificate shown to the engine."),
    cfg.StrOpt("tls_key_file", help="The key of that certificate."),
    cfg.IntOpt(
        "timeout",
        default=60,
        min=1,
        help="Seconds the engine may take to answer a short question.",
    ),
    cfg.IntOpt(
        "stall_timeout",
        default=300,
        min=1,
        mutable=True,
        help="""
Seconds without a sign of life in a pull or a copy after which the engine or
the registry counts as gone.  The engine writes the layers to its disk before
the first byte of a copy: allow for the largest image.
""",
    ),
    cfg.IntOpt(
        "max_saves",
        default=2,
        min=1,
        help="""
How many images the engine packs at a time for one conductor.  Each needs
room for the unpacked image on the engine's disk.
""",
    ),
    cfg.BoolOpt(
        "registry_fallback",
        default=False,
        mutable=True,
        help="""
Read an image from its registry where the engine saves it without all of its
layers, as engines with the image store of containerd do if another image
brought a layer in another compression.  The conductor then needs access to
the registry, as with the ``registry`` source, and heeds ``[registry]``.
""",
    ),
]
