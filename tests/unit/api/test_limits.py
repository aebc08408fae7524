# SPDX-License-Identifier: Apache-2.0
"""How many operations of a project may wait."""

import json

from tests.unit.api import base


class LimitsTest(base.ApiTestCase):
    """Two may."""

    def setUp(self):
        super().setUp()
        self.config(max_waiting=2, group="api")
        self.make()
        self.made = [
            self.call("PUT", f"/v1/images?imageName=a{number}", 202)
            for number in range(2)
        ]

    def too_many(self, method, path, **kwargs):
        return self.refused(429, "too_many_operations", method, path, **kwargs)

    def test_one_more_is_refused(self):
        error = self.too_many("PUT", "/v1/images?imageName=b")
        self.assertIn("2 operations of this project wait", error["detail"])
        self.assertEqual("30", self.answer.headers["Retry-After"])
        self.too_many("DELETE", "/v1/images/1")
        stream = {"Accept": "application/x-ndjson"}
        self.too_many("PUT", "/v1/images?imageName=b", headers=stream)
        self.assertEqual(2, len(self.rows()))

    def test_asking_for_what_waits_is_not_refused(self):
        again = self.call("PUT", "/v1/images?imageName=a1", 202)
        self.assertEqual(
            self.made[1].json["operation"]["id"],
            again.json["operation"]["id"],
        )

    def test_syncs_and_webhooks_are_not_refused(self):
        self.call("PUT", "/v1/sync", 202)
        for name in "xyz":
            body = {
                "push_data": {"tag": "1"},
                "repository": {"repo_name": f"team/{name}"},
            }
            self.headers = {}
            self.call(
                "POST",
                f"/v1/notify?token={base.WEBHOOK}",
                202,
                content_type="application/json",
                body=json.dumps(body).encode(),
            )
        self.assertEqual(6, len(self.rows()))

    def test_what_is_cancelled_makes_room(self):
        self.too_many("PUT", "/v1/images?imageName=b")
        operation_id = self.made[0].json["operation"]["id"]
        self.call("DELETE", f"/v1/operations/{operation_id}", 202)
        self.call("PUT", "/v1/images?imageName=b", 202)

    def test_no_limit(self):
        self.config(max_waiting=0, group="api")
        for number in range(4):
            self.call("PUT", f"/v1/images?imageName=b{number}", 202)
        self.assertEqual(6, len(self.rows()))
