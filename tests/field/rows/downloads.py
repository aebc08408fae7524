# SPDX-License-Identifier: Apache-2.0
"""Downloads that break."""

from tests.field import base
from tests.field import registry as answers
from tests.field.row import row


@row(
    "The connection breaks once in the middle of a layer.",
    "The download goes on where it broke; nothing is sent twice.",
)
def one_break(field):
    registry = field.registry()
    field.image(registry, size=3_000_000)
    cut = answers.serve(most=1_000_000)
    registry.on("GET .*/blobs/", answers.times(1, cut))
    field.succeeds(f"{registry.host}/team/app:1")


@row(
    "A registry that speaks TLS with a certificate of a private authority.",
    "Its certificate is checked against [registry] ca_file.",
)
def a_private_authority(field):
    registry = field.registry(tls=True)
    authority = base.certificates() / "ca.pem"
    service = field.start(
        {"registry": {"ca_file": str(authority), "insecure": ""}}
    )
    field.image(registry)
    field.succeeds(f"{registry.host}/team/app:1", service)
