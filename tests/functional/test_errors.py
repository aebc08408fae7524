# SPDX-License-Identifier: Apache-2.0
"""The errors of the operator's guide, from the deployed service.

Those of a catalogue without container images, with a size limit, or with
wrong credentials are in the tests of the Glance driver, those of an engine in
the tests of its source, and those of a broker in the test of its outage.
"""

import signal

from lab import images
from tests.fixtures import client
from tests.fixtures import deployment
from tests.functional import service


class ErrorsTest(service.ServiceTestCase):
    """One request an error."""

    def code(self, *args, caller=None, **kwargs):
        answer = (caller or self.admin).call(*args, **kwargs)
        [error] = answer.json()["errors"]
        self.assertEqual(answer.status_code, error["status"])
        self.assertEqual(
            answer.headers["X-OpenStack-Request-ID"], error["request_id"]
        )
        return error["status"], error["code"]

    def failed(self, operation):
        ended = self.admin.ended(operation)
        self.assertEqual("failed", ended["state"])
        return ended["error"]["code"]

    def test_answers(self):
        nobody = client.Client(self.service.url)
        reader = self.client("demo-reader")
        pull, listed = "/v1/images?imageName=", "/v1/images"
        text = {"headers": {"Content-Type": "text/plain"}, "data": "x"}
        large = {
            "headers": {"Content-Type": "application/json"},
            "data": b" " * (2 << 20),
        }
        unknown = "/v1/operations/6f0f4ca2-0000-4000-8000-000000000000"
        for status, code, args, kwargs in (
            (400, "invalid_request", ("GET", f"{listed}?x=1"), {}),
            (400, "invalid_filter", ("GET", f"{listed}?filter=("), {}),
            (400, "invalid_reference", ("PUT", f"{pull}UPPER"), {}),
            (401, "unauthorized", ("GET", listed), {"caller": nobody}),
            (403, "forbidden", ("PUT", f"{pull}a"), {"caller": reader}),
            (404, "not_found", ("GET", "/v1/nothing"), {}),
            (404, "image_not_found", ("GET", f"{listed}/nothing"), {}),
            (404, "operation_not_found", ("GET", unknown), {}),
            (405, "method_not_allowed", ("POST", listed), {}),
            (413, "payload_too_large", ("PUT", listed), large),
            (415, "unsupported_media_type", ("PUT", listed), text),
        ):
            found = self.code(*args, **kwargs)
            self.assertEqual((status, code), found, args)

    def test_webhooks(self):
        self.addCleanup(self.service.list.write_text, "")
        path = f"/v1/notify?token={deployment.WEBHOOK_TOKEN}"
        body = {
            "push_data": {"tag": "1"},
            "repository": {"repo_name": "evil/x"},
        }
        for content, expected in (
            ({}, (400, "invalid_webhook")),
            (body, (403, "repository_not_allowed")),
        ):
            self.assertEqual(expected, self.code("POST", path, json=content))
        self.service.list.unlink()
        self.assertEqual(
            (503, "repositories_unreadable"),
            self.code("POST", path, json=body),
        )
        operation = self.admin.accepted(self.admin.call("PUT", "/v1/sync"))
        self.assertEqual("repositories_unreadable", self.failed(operation))

    def test_pulls(self):
        self.assertEqual(
            "reference_not_found", self.failed(self.admin.pull(self.name))
        )
        self.push("arm", "arm", architecture="arm64")
        self.assertEqual(
            "platform_not_found",
            self.failed(self.admin.pull(self.name, "arm")),
        )
        pair = (
            self.lab["LAB_REGISTRY_USER"],
            self.lab["LAB_REGISTRY_PASSWORD"],
        )
        registry = self.lab["LAB_REGISTRY_AUTH"]
        images.push_image(registry, "test/secret", "1", {"a": b"a"}, auth=pair)
        operation = self.admin.pull(f"{registry}/test/secret", "1")
        self.assertEqual("registry_denied", self.failed(operation))

    def test_a_registry_that_is_away_is_tried_again(self):
        operation = self.admin.pull("127.0.0.1:1/a/b", "1")
        ended = self.admin.ended(operation, 120)
        self.assertEqual("source_unavailable", ended["error"]["code"])
        self.assertEqual(5, ended["attempt"])
        path = f"/v1/operations/{operation['id']}"
        self.assertEqual(
            (409, "operation_finished"), self.code("DELETE", path)
        )

    def test_cancel(self):
        operation = self.admin.pull("127.0.0.1:1/a/c", "1")
        path = f"/v1/operations/{operation['id']}"
        self.admin.accepted(self.admin.call("DELETE", path))
        ended = self.admin.ended(operation)
        self.assertEqual("cancelled", ended["state"])

    def test_deletions(self):
        foreign = self.cloud.glance.create_image(
            deployment.unique("foreign"),
            allow_duplicates=True,
            container_format="bare",
            disk_format="raw",
            data=b"x",
        )
        self.addCleanup(self.cloud.glance.delete_image, foreign)
        self.push("one")
        ours = self.admin.done(self.admin.pull(self.name))["image_id"]
        self.cloud.glance.update_image(ours, is_protected=True)
        self.addCleanup(
            self.cloud.glance.update_image, ours, is_protected=False
        )
        for image_id, code in (
            ("nothing", "image_not_found"),
            (foreign.id, "image_not_managed"),
            (ours, "image_protected"),
        ):
            answer = self.admin.call("DELETE", f"/v1/images/{image_id}")
            self.assertEqual(code, self.failed(self.admin.accepted(answer)))

    def test_a_conductor_that_does_not_answer(self):
        process = self.service.processes["reposync-conductor"]
        children = deployment.children(process.pid)
        for pid in children:
            self.addCleanup(deployment.send, pid, signal.SIGCONT)
            deployment.send(pid, signal.SIGSTOP)
        self.assertEqual(
            (504, "conductor_timeout"), self.code("GET", "/v1/images")
        )
