# SPDX-License-Identifier: Apache-2.0
"""``/v1/notify/{receiver}``: what becomes of events."""

import json

from reposync import exception
from reposync.db.webhooks import deliveries
from reposync.db.webhooks import tallies
from tests.fixtures import wait
from tests.unit.api import base
from tests.unit.api import receiving

DELETED = "sha256:" + "b" * 64


class ReceiverTest(receiving.ReceiverTestCase):
    """What becomes of events."""

    def test_all_events_of_a_body(self):
        answer = self.send(
            receiving.event(1, repository="team/app", tag="1"),
            receiving.event(2, repository="team/app", tag="2"),
            receiving.event(3, repository="team/app"),
            receiving.event(4, media_type="x", repository="team/app"),
            receiving.event(5, "pull", repository="team/app", tag="1"),
            receiving.event(6, repository="other/app", tag="1"),
            receiving.event(7, repository="UPPER", tag="1"),
            receiving.event(8, "delete", repository="team/app", tag="3"),
            receiving.event(9, "delete", repository="kept", tag="3"),
            receiving.event(
                10, "delete", repository="team/app", digest=DELETED
            ),
            receiving.event(11, "delete", repository="team/app", digest=None),
            "no event",
            status=202,
        )
        expected = [
            ("pull", "r.example/team/app:1"),
            ("pull", "r.example/team/app:2"),
            ("delete", "r.example/team/app:3"),
            ("delete", f"r.example/team/app@{DELETED}"),
        ]
        found = answer.json["operations"]
        self.assertEqual(
            expected, [(each["kind"], each["reference"]) for each in found]
        )
        self.assertEqual(
            sorted(each["id"] for each in found),
            sorted(row.id for row in self.rows()),
        )
        self.assertEqual(
            [
                ("push", "r.example/team/app", "no_tag"),
                ("ignore", None, "not_for_images"),
                ("ignore", None, "not_for_images"),
                ("push", "r.example/other/app:1", "not_listed"),
                ("ignore", None, "not_for_images"),
                ("delete", "r.example/kept:3", "deletion_not_allowed"),
                ("delete", "r.example/team/app", "no_tag"),
                ("ignore", None, "not_for_images"),
            ],
            [
                (each["action"], each["reference"], each["reason"])
                for each in answer.json["ignored"]
            ],
        )
        # One that waits serves those after it, too; the first is always sent.
        wait.until(lambda: self.conductor.nudges, "a nudge")
        made = [each["id"] for each in found]
        self.assertEqual(made[0], self.conductor.nudges[0])
        self.assertLessEqual(set(self.conductor.nudges), set(made))

    def test_nothing_to_do_is_a_success(self):
        for told in (
            (),
            (receiving.event(1, repository="other/app", tag="1"),),
            (receiving.event(1, "pull", repository="team/app", tag="1"),),
        ):
            answer = self.send(*told, status=200)
            self.assertEqual([], answer.json["operations"])
            self.assertEqual(len(told), len(answer.json["ignored"]))
        self.assertEqual([], self.rows())

    def test_the_first_line_that_says_decides_about_deletions(self):
        for name, tag, allowed in (
            ("team/app", "1", True),
            ("team/tagged", "1", True),
            ("kept", "1", False),
        ):
            answer = self.send(
                receiving.event(1, "delete", repository=name, tag=tag)
            )
            self.assertEqual(allowed, answer.status_int == 202, name)
        self.list.write_text(
            "r.example/team/tagged:1 delete=no\nr.example/team/* delete=yes\n"
        )
        gone = receiving.event(2, "delete", repository="team/tagged", tag="1")
        self.send(gone, status=200)

    def test_a_delivery_that_comes_again_makes_nothing(self):
        body = receiving.event(1, repository="team/app", tag="1")
        self.send(body, status=202)
        answer = self.send(
            body,
            receiving.event(2, repository="team/app", tag="2"),
            status=202,
        )
        [again] = answer.json["ignored"]
        self.assertEqual("repeated", again["reason"])
        rows = self.rows()
        self.assertEqual([0, 0], [row.coalesced for row in rows])
        # The same id with another event, or elsewhere, is something else.
        self.send(
            receiving.event(1, repository="team/app", tag="3"), status=202
        )
        self.receive(
            b={"format": "distribution", "secret": [receiving.SECRET]}
        )
        self.send(body, name="b", status=202)

    def test_a_delivery_whose_operation_came_to_nothing_counts_anew(self):
        body = receiving.event(1, repository="team/app", tag="1")
        for state in ("failed", "cancelled"):
            [made] = self.send(body, status=202).json["operations"]
            self.send(body, status=200)
            self.finish(made["id"], state)
        [made] = self.send(body, status=202).json["operations"]
        self.finish(made["id"])
        self.send(body, status=200)
        self.assertEqual(3, len(self.rows()))

    def test_the_operation_knows_what_was_told_and_for_how_long(self):
        self.config(settle_seconds=77, group="notify")
        told = receiving.event(1, repository="team/app", tag="1")
        self.send(told, status=202)
        [row] = self.rows()
        self.assertEqual(receiving.DIGEST, row.announced_digest)
        self.assertEqual(77_000, row.settle_until - row.created_at)

    def test_what_was_not_written_is_not_remembered(self):
        body = receiving.event(1, repository="team/app", tag="1")
        self.addCleanup(setattr, self.db, "write", self.db.write)

        def away(work):
            raise exception.DatabaseUnavailable("away", retry_after=5)

        write, self.db.write = self.db.write, away
        answer = self.send(body, status=503)
        self.assertIn("Retry-After", answer.headers)
        self.db.write = write
        self.send(body, status=202)
        self.assertEqual(1, len(self.rows()))

    def test_a_broken_submit_takes_its_delivery_back(self):
        written = deliveries.operations.join_or_add

        def broken(session, request):
            written(session, request)
            raise RuntimeError("in the middle")

        body = receiving.event(1, repository="team/app", tag="1")
        self.addCleanup(setattr, deliveries.operations, "join_or_add", written)
        deliveries.operations.join_or_add = broken
        self.send(body, status=500)
        self.assertEqual([], self.rows())
        deliveries.operations.join_or_add = written
        self.send(body, status=202)

    def test_without_the_list_the_registry_tries_again(self):
        self.list.unlink()
        answer = self.send(receiving.event(1, repository="team/app", tag="1"))
        self.assertEqual(503, answer.status_int)

    def test_wrong_secrets_and_unknown_names_look_the_same(self):
        answers = set()
        for name, headers in (
            ("a", {"Authorization": "wrong"}),
            ("a", {"Authorization": "\xe9"}),
            ("a", {}),
            ("b", {"Authorization": receiving.SECRET}),
            ("%C3%A9", {"Authorization": receiving.SECRET}),
            ("A", {"Authorization": receiving.SECRET}),
        ):
            self.headers = headers
            answer = self.call(
                "POST", f"/v1/notify/{name}", 401, body=b"no JSON at all"
            )
            error = answer.json["errors"][0]
            error.pop("request_id")
            answers.add(json.dumps(error))
        self.assertEqual(1, len(answers), answers)
        self.assertNotIn("not JSON", self.log.output)

    def test_a_refusal_says_what_may_be_wrong(self):
        self.headers = {"Authorization": "wrong"}
        error = self.refused(401, "unauthorized", "POST", "/v1/notify/a")
        self.assertIn("Unknown receiver, or wrong secret", error["detail"])

    def test_signatures_are_no_images(self):
        digest = "sha256-" + "a" * 64
        answer = self.send(
            *(
                receiving.event(
                    tag, action, repository="team/app", tag=f"{digest}{tag}"
                )
                for tag in (".sig", ".att", ".sbom", "")
                for action in ("push", "delete")
            ),
            status=200,
        )
        left = answer.json["ignored"]
        self.assertEqual({"attachment"}, {one["reason"] for one in left})
        self.assertEqual(8, len(left))
        self.assertIn("signature", left[0]["detail"])
        self.send(
            receiving.event(1, repository="team/app", tag="buildcache"),
            status=202,
        )

    def test_an_origin_may_ask_whether_it_may_send(self):
        origin = "eventgrid.azure.net"
        self.headers = {"WebHook-Request-Origin": origin}
        for name in ("a", "unknown"):
            path = f"/v1/notify/{name}"
            answer = self.call("OPTIONS", path, 200)
            self.assertEqual(origin, answer.headers["WebHook-Allowed-Origin"])
            self.assertEqual("*", answer.headers["WebHook-Allowed-Rate"])
        for headers in ({}, {"WebHook-Request-Origin": "a b\tc"}):
            self.headers = headers
            answer = self.call("OPTIONS", "/v1/notify/a")
            self.assertNotIn("WebHook-Allowed-Origin", answer.headers)

    def test_a_token_of_the_api_is_no_secret(self):
        self.headers = {"X-Auth-Token": base.TOKEN}
        self.send(status=401)

    def test_bad_bodies(self):
        for body in (b"", b"{", b"[]", b"{}", b'{"events": 1}'):
            answer = self.call("POST", "/v1/notify/a", 400, body=body)
            self.assertEqual(
                "invalid_webhook", answer.json["errors"][0]["code"]
            )
        self.call("POST", "/v1/notify/a", 413, body=b" " * (1 << 20) + b"{}")

    def test_other_methods_and_paths(self):
        self.refused(405, "method_not_allowed", "GET", "/v1/notify/a")
        self.refused(404, "not_found", "POST", "/v1/notify/a/b")

    def test_the_project_sees_its_operations(self):
        self.receive(
            a={
                "format": "distribution",
                "secret": [receiving.SECRET],
                "project_id": "p1",
            }
        )
        self.send(
            receiving.event(1, repository="team/app", tag="1"), status=202
        )
        self.assertEqual("p1", self.rows()[0].project_id)

    def test_events_are_counted(self):
        self.send(
            receiving.event(1, repository="team/app", tag="1"),
            receiving.event(2, repository="other/app", tag="1"),
        )
        self.call("POST", "/v1/notify/a", 400, body=b"{")
        self.headers = {}
        self.send(status=401)
        self.send(name="unknown", status=401)
        expected = {
            ("a", "accepted"): 1,
            ("a", "not_listed"): 1,
            ("a", "invalid"): 1,
            ("a", "refused"): 1,
            ("", "refused"): 1,
        }
        wait.until(lambda: tallies.read(self.db) == expected, f"{expected}")

    def test_secrets_are_in_no_log(self):
        self.send(receiving.event(1, repository="team/app", tag="1"))
        self.headers = {"Authorization": "wrong-secret-of-somebody"}
        self.send(status=401)
        for secret in (receiving.SECRET, "wrong-secret-of-somebody"):
            self.assertNotIn(secret, self.log.output)
