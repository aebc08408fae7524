# SPDX-License-Identifier: Apache-2.0
"""Keystone tokens, good and bad."""

import lab
from tests.fixtures import client
from tests.fixtures import wait
from tests.functional import service


class IdentityTest(service.ServiceTestCase):
    """Who may do what, with tokens of the lab's Keystone."""

    def setUp(self):
        super().setUp()
        # Managers pull what is on the list.
        self.service.list.write_text(f"{self.name}\n")
        self.addCleanup(self.service.list.write_text, "")

    def status(self, caller, method, path, **kwargs):
        answer = caller.call(method, path, **kwargs)
        if answer.status_code >= 400:
            [error] = answer.json()["errors"]
            self.assertEqual(answer.status_code, error["status"])
            self.assertTrue(error["request_id"])
        return answer.status_code

    def test_no_token_and_a_wrong_one(self):
        for token in (None, "nonsense"):
            caller = client.Client(self.service.url, token)
            self.assertEqual(401, self.status(caller, "GET", "/v1/images"))
        self.assertEqual(300, caller.call("GET", "/").status_code)
        self.assertEqual(200, caller.call("GET", "/v1").status_code)

    def test_an_expired_token(self):
        servers = lab.Lab.load()
        servers.up("keystone-short")
        token = self.cloud.token(url=servers.env["LAB_KEYSTONE_SHORT_URL"])
        caller = client.Client(self.service.url, token)
        wait.until(
            lambda: self.status(caller, "GET", "/v1/operations") == 401,
            "the token's end",
        )

    def test_roles(self):
        pull = {"params": {"imageName": self.name}}
        for user, expected in (
            ("demo-reader", (200, 200, 403, 403, 403)),
            ("demo-member", (200, 200, 403, 403, 403)),
            ("demo-manager", (200, 200, 202, 403, 403)),
            ("reposync", (200, 200, 202, 202, 202)),
        ):
            caller = self.client(user)
            found = (
                self.status(caller, "GET", "/v1/images"),
                self.status(caller, "GET", "/v1/operations"),
                self.status(caller, "PUT", "/v1/images", **pull),
                self.status(caller, "DELETE", "/v1/images/none"),
                self.status(caller, "PUT", "/v1/sync"),
            )
            self.assertEqual(expected, found, user)

    def test_another_project_sees_nothing(self):
        self.push("one")
        owner = self.client("demo-manager")
        operation = owner.pull(self.name)
        owner.done(operation)
        stranger = self.client("other-manager")
        path = f"/v1/operations/{operation['id']}"
        for method in ("GET", "DELETE"):
            self.assertEqual(404, self.status(stranger, method, path))
        listed = stranger.call("GET", "/v1/operations").json()
        self.assertNotIn(
            operation["id"], [each["id"] for each in listed["operations"]]
        )
        everywhere = {"all_projects": "true"}
        self.assertEqual(
            403,
            self.status(stranger, "GET", "/v1/operations", params=everywhere),
        )
        self.assertEqual(200, self.status(self.admin, "GET", path))
