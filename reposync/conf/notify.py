# SPDX-License-Identifier: Apache-2.0
"""Options of the webhook."""

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "notify",
    title="Webhook",
    help="""
Docker Hub calls ``POST /v1/notify?token=...`` when an image was pushed.  Its
webhooks carry no signature: the token in the address is the only secret.
""",
)

OPTIONS = [
    cfg.ListOpt(
        "tokens",
        default=[],
        secret=True,
        help="""
Secrets that are accepted in ``?token=``.  Without any the webhook refuses
everything.  Two of them let a secret be changed without losing events.  Make
one with ``openssl rand -hex 32``.
""",
    ),
]
