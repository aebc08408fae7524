# SPDX-License-Identifier: Apache-2.0
"""``/v1/notify``."""

import json

from tests.unit.api import base

GOOD = {
    "push_data": {"tag": "1.0", "pushed_at": 1.4e9},
    "repository": {"repo_name": "team/app"},
    "callback_url": "http://169.254.169.254/",
}


class NotifyTest(base.ApiTestCase):
    """Docker Hub calls."""

    def setUp(self):
        super().setUp()
        self.headers = {}

    def notify(self, body=GOOD, token=base.WEBHOOK, **kwargs):
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        query = "" if token is None else f"?token={token}"
        kwargs.setdefault("content_type", "application/json")
        return self.call("POST", f"/v1/notify{query}", body=text, **kwargs)

    def code(self, answer):
        return answer.status_int, answer.json["errors"][0]["code"]

    def test_a_push_is_accepted(self):
        answer = self.notify()
        self.assertEqual(202, answer.status_int, answer.body)
        [row] = self.rows()
        self.assertEqual(
            {"operations": [{"id": row.id, "reference": "team/app:1.0"}]},
            answer.json,
        )
        self.assertIsNone(row.project_id)
        self.assertTrue(row.request_id)
        self.assertEqual(120_000, row.settle_until - row.created_at)

    def test_signatures_are_no_images(self):
        tag = "sha256-" + "a" * 64 + ".sig"
        answer = self.notify(GOOD | {"push_data": {"tag": tag}})
        self.assertEqual((200, {"operations": []}),
                         (answer.status_int, answer.json))  # fmt: skip

    def test_wrong_secrets(self):
        for token in (None, "", "wrong", "%C3%A9", "x" * 5000,
                      f"{base.WEBHOOK}&token={base.WEBHOOK}"):  # fmt: skip
            answer = self.notify(b"not even JSON", token)
            self.assertEqual((401, "unauthorized"), self.code(answer), token)
        self.assertEqual([], self.rows())

    def test_without_a_configured_secret_all_is_refused(self):
        for tokens in ([], [""]):
            self.config(tokens=tokens, group="notify")
            for token in (None, "", base.WEBHOOK):
                self.assertEqual(401, self.notify(token=token).status_int)

    def test_two_secrets_at_once(self):
        self.config(
            tokens=["the-old-secret-of-it", base.WEBHOOK], group="notify"
        )
        for token in ("the-old-secret-of-it", base.WEBHOOK):
            self.assertEqual(202, self.notify(token=token).status_int)

    def test_bad_bodies_change_nothing(self):
        for body in (b"", b"{", [], {}, GOOD | {"push_data": {}}):
            answer = self.notify(body)
            self.assertEqual((400, "invalid_webhook"), self.code(answer))
        answer = self.notify(b" " * (1 << 20) + b"{}")
        self.assertEqual((413, "payload_too_large"), self.code(answer))
        self.assertEqual([], self.rows())

    def test_only_what_is_on_the_list(self):
        body = GOOD | {"repository": {"repo_name": "evil/app"}}
        answer = self.notify(body)
        self.assertEqual((403, "repository_not_allowed"), self.code(answer))
        self.list.unlink()
        answer = self.notify()
        self.assertEqual((503, "repositories_unreadable"), self.code(answer))
        self.assertEqual([], self.rows())

    def test_the_secret_is_in_no_log(self):
        self.notify()
        self.notify(b"{")
        self.notify(token="wrong-secret")
        self.assertIn("/v1/notify", self.log.output)
        for secret in (base.WEBHOOK, "wrong-secret"):
            self.assertNotIn(secret, self.log.output)

    def test_claims_of_identity_are_dropped(self):
        self.notify(headers={"X-Project-Id": "p", "X-Roles": "admin"})
        self.assertIsNone(self.rows()[0].project_id)

    def test_other_receivers_are_not_there(self):
        for headers in ({}, {"X-Auth-Token": base.TOKEN}):
            self.headers = headers
            self.refused(401, "unauthorized", "POST", "/v1/notify/harbor")
