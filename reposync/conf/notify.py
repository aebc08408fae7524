# SPDX-License-Identifier: Apache-2.0
"""Options of webhooks."""

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "notify",
    title="Webhooks",
    help="""
Registries call ``POST /v1/notify/NAME`` when an image was pushed or deleted,
where ``NAME`` is a receiver: a group ``[receiver:NAME]`` says what it
understands and how callers prove who they are.  ``POST
/v1/notify?token=...`` is the receiver of java-reposync: Docker Hub's format,
with the secret in the address.
""",
)

OPTIONS = [
    cfg.ListOpt(
        "tokens",
        default=[],
        secret=True,
        help="""
Secrets that are accepted in ``?token=`` of ``/v1/notify``, at least 16
characters each.  Without any that address refuses everything.  Two of them let
a secret be changed without losing events.  Make one with
``openssl rand -hex 32``.
""",
    ),
    cfg.ListOpt(
        "receivers",
        default=[],
        help="""
Names of receivers, lower-case letters, digits and ``-``.  Each has a group
``[receiver:NAME]``.
""",
    ),
    cfg.ListOpt(
        "callback_hosts",
        default=["registry.hub.docker.com"],
        help="""
Hosts, with their port if it is not 443, that are told how the work on a
webhook of theirs ended.  Docker Hub sends the address with the webhook.  No
other address is ever called, nor one without TLS.  Empty: none is called.
""",
    ),
    cfg.StrOpt(
        "callback_ca_file",
        help="""
Authorities for the certificates of these hosts; the system's by default.
""",
    ),
    cfg.IntOpt(
        "settle_seconds",
        default=120,
        min=0,
        max=3600,
        mutable=True,
        help="""
Seconds for which a registry may be behind its own webhooks.  Where replicas,
caches or mirrors stand before a registry, a tag may be unknown, or point at
the old image, for a while after the webhook of its push.  So long it is
looked for again; after that, what the registry has counts.  0 takes what is
there at once.
""",
    ),
    cfg.IntOpt(
        "delivery_days",
        default=7,
        min=1,
        help="""
Days for which the id of a delivery is remembered, so that the same delivery
makes nothing when it is repeated.
""",
    ),
    cfg.IntOpt(
        "max_deliveries",
        default=100000,
        min=1,
        help="How many of these ids are kept at the most; older ones go.",
    ),
]
