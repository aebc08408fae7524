# SPDX-License-Identifier: Apache-2.0
"""Docker Hub's webhook."""

import copy
import json

import testtools

from reposync import exception
from reposync.webhooks.formats import dockerhub

BODY = {
    "callback_url": "https://registry.hub.docker.com/u/svendowideit/x/hook/1/",
    "push_data": {
        "images": ["27d47432a69bca5f2700e4dff7de0388ed65f9d3fb1ec645e2bc24c2"],
        "pushed_at": 1.417566161e09,
        "pusher": "trustedbuilder",
        "tag": "latest",
    },
    "repository": {
        "comment_count": 0,
        "date_created": 1.417494799e09,
        "name": "testhook",
        "namespace": "svendowideit",
        "owner": "svendowideit",
        "repo_name": "svendowideit/testhook",
        "status": "Active",
    },
}


class DockerHubTest(testtools.TestCase):
    """Bodies, good and bad."""

    def body(self, **changes):
        body = copy.deepcopy(BODY)
        for place, value in changes.items():
            part, _, key = place.partition("__")
            if value is None:
                body[part].pop(key, None)
            else:
                body[part][key] = value
        return body

    def parse(self, body):
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return dockerhub.parse({}, text)

    def test_good_bodies(self):
        for changes, expected in (
            ({}, "svendowideit/testhook:latest"),
            ({"push_data__pushed_at": 1417566161}, None),
            ({"push_data__pushed_at": None}, None),
            ({"push_data__images": None}, None),
            ({"push_data__media_type": "x"}, None),
            ({"repository__repo_name": None}, None),
            ({"repository__repo_name": "library/busybox"}, "busybox:latest"),
            ({"push_data__tag": "1.0"}, "svendowideit/testhook:1.0"),
        ):
            [event] = self.parse(self.body(**changes))
            self.assertEqual("push", event.action)
            self.assertEqual(
                expected or "svendowideit/testhook:latest",
                str(event.reference),
            )
            self.assertEqual("docker.io", event.reference.registry)

    def test_a_name_never_leads_to_another_registry(self):
        for name in ("evil.example/x", "127.0.0.1:5000/x", "localhost/x"):
            body = self.body(repository__repo_name=name)
            try:
                [event] = self.parse(body)
            except exception.InvalidWebhook:
                continue
            self.assertEqual("docker.io", event.reference.registry)

    def test_bad_bodies(self):
        for body in (
            b"", b"{", b"[]", b"null", b"1", b"NaN", b"\xff", b"[" * 100_000,
            {}, {"repository": None}, {"repository": [], "push_data": {}},
            self.body(push_data__tag=None),
            self.body(push_data__tag=""),
            self.body(push_data__tag=5),
            self.body(push_data__tag="a b"),
            self.body(repository__repo_name=5),
            self.body(repository__repo_name="UPPER/case"),
            self.body(repository__repo_name="a/b:other"),
            self.body(repository__repo_name="../../x"),
            self.body(repository__repo_name="a@sha256:" + "0" * 64),
            self.body(repository__repo_name=None, repository__name=None),
        ):  # fmt: skip
            error = self.assertRaises(
                exception.InvalidWebhook, self.parse, body
            )
            self.assertNotEqual("", error.message)
