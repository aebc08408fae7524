# SPDX-License-Identifier: Apache-2.0
"""What tests of ``/v1/notify/{receiver}`` share."""

import json

from reposync.conf import receiver as receiver_conf
from tests.unit.api import base

SECRET = "the-secret-of-the-receiver"
DIGEST = "sha256:" + "a" * 64
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def event(number, action="push", media_type=MANIFEST, host="r.example", **to):
    """Give one event of docker-registry."""
    target = {"mediaType": media_type, "digest": DIGEST} | to
    return {
        "id": f"event-{number}",
        "action": action,
        "target": target,
        "request": {"host": host},
    }


class ReceiverTestCase(base.ApiTestCase):
    """A test with receivers of its own."""

    def setUp(self):
        super().setUp()
        self.headers = {"Authorization": SECRET}
        self.list.write_text(
            "r.example/team/* delete=yes\nr.example/kept\nhub/*\n"
            "r.example/team/tagged:1 delete=no\n"
        )
        self.receive(a={"format": "distribution", "secret": [SECRET]})

    def receive(self, **configured):
        self.config(receivers=list(configured), group="notify")
        for name, options in configured.items():
            group = receiver_conf.register(self.conf, name)
            self.config(**options, group=group)
        self.make()
        self.headers = {"Authorization": SECRET}

    def send(self, *told, status=None, name="a", **kwargs):
        body = json.dumps({"events": told}).encode()
        return self.call(
            "POST", f"/v1/notify/{name}", status, body=body, **kwargs
        )
