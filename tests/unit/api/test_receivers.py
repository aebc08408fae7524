# SPDX-License-Identifier: Apache-2.0
"""``/v1/notify/{receiver}``."""

from collections import Counter
import hashlib
import hmac
import json

from reposync import exception
from reposync.api import events
from reposync.conf import receiver as receiver_conf
from reposync.db import deliveries
from reposync.webhooks import receivers
from tests.unit.api import base

SECRET = "the-secret-of-the-receiver"
DIGEST = "sha256:" + "a" * 64
DELETED = "sha256:" + "b" * 64
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


class ReceiverTest(ReceiverTestCase):
    """What becomes of events."""

    def test_all_events_of_a_body(self):
        answer = self.send(
            event(1, repository="team/app", tag="1"),
            event(2, repository="team/app", tag="2"),
            event(3, repository="team/app"),
            event(4, media_type="x", repository="team/app"),
            event(5, "pull", repository="team/app", tag="1"),
            event(6, repository="other/app", tag="1"),
            event(7, repository="UPPER", tag="1"),
            event(8, "delete", repository="team/app", tag="3"),
            event(9, "delete", repository="kept", tag="3"),
            event(10, "delete", repository="team/app", digest=DELETED),
            event(11, "delete", repository="team/app", digest=None),
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
        self.assertEqual(4, len(self.conductor.nudges))

    def test_nothing_to_do_is_a_success(self):
        for told in (
            (),
            (event(1, repository="other/app", tag="1"),),
            (event(1, "pull", repository="team/app", tag="1"),),
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
            answer = self.send(event(1, "delete", repository=name, tag=tag))
            self.assertEqual(allowed, answer.status_int == 202, name)
        self.list.write_text(
            "r.example/team/tagged:1 delete=no\nr.example/team/* delete=yes\n"
        )
        gone = event(2, "delete", repository="team/tagged", tag="1")
        self.send(gone, status=200)

    def test_a_delivery_that_comes_again_makes_nothing(self):
        body = event(1, repository="team/app", tag="1")
        self.send(body, status=202)
        answer = self.send(
            body, event(2, repository="team/app", tag="2"), status=202
        )
        [again] = answer.json["ignored"]
        self.assertEqual("repeated", again["reason"])
        rows = self.rows()
        self.assertEqual([0, 0], [row.coalesced for row in rows])
        # The same id with another event, or elsewhere, is something else.
        self.send(event(1, repository="team/app", tag="3"), status=202)
        self.receive(b={"format": "distribution", "secret": [SECRET]})
        self.send(body, name="b", status=202)

    def test_what_was_not_written_is_not_remembered(self):
        body = event(1, repository="team/app", tag="1")
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

        body = event(1, repository="team/app", tag="1")
        self.addCleanup(setattr, deliveries.operations, "join_or_add", written)
        deliveries.operations.join_or_add = broken
        self.send(body, status=500)
        self.assertEqual([], self.rows())
        deliveries.operations.join_or_add = written
        self.send(body, status=202)

    def test_without_the_list_the_registry_tries_again(self):
        self.list.unlink()
        answer = self.send(event(1, repository="team/app", tag="1"))
        self.assertEqual(503, answer.status_int)

    def test_wrong_secrets_and_unknown_names_look_the_same(self):
        answers = set()
        for name, headers in (
            ("a", {"Authorization": "wrong"}),
            ("a", {"Authorization": "\xe9"}),
            ("a", {}),
            ("b", {"Authorization": SECRET}),
            ("%C3%A9", {"Authorization": SECRET}),
            ("A", {"Authorization": SECRET}),
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
                "secret": [SECRET],
                "project_id": "p1",
            }
        )
        self.send(event(1, repository="team/app", tag="1"), status=202)
        self.assertEqual("p1", self.rows()[0].project_id)

    def test_events_are_counted(self):
        before = Counter(events.TALLY.counts())
        self.send(
            event(1, repository="team/app", tag="1"),
            event(2, repository="other/app", tag="1"),
        )
        self.call("POST", "/v1/notify/a", 400, body=b"{")
        self.headers = {}
        self.send(status=401)
        self.send(name="unknown", status=401)
        self.assertEqual(
            {
                ("a", "accepted"): 1,
                ("a", "not_listed"): 1,
                ("a", "invalid"): 1,
                ("a", "refused"): 1,
                ("", "refused"): 1,
            },
            dict(Counter(events.TALLY.counts()) - before),
        )

    def test_secrets_are_in_no_log(self):
        self.send(event(1, repository="team/app", tag="1"))
        self.headers = {"Authorization": "wrong-secret-of-somebody"}
        self.send(status=401)
        for secret in (SECRET, "wrong-secret-of-somebody"):
            self.assertNotIn(secret, self.log.output)


class HostTest(ReceiverTestCase):
    """Events of a registry behind a proxy, and of those that name no host."""

    def test_the_receiver_says_which_registry_it_is(self):
        self.list.write_text("public.example:5000/team/*\n")
        self.receive(
            a={
                "format": "distribution",
                "secret": [SECRET],
                "registry": "public.example:5000",
            }
        )
        for number, host in enumerate(("registry", "10.0.0.1:5000", "")):
            body = event(
                number, host=host or "x y", repository="team/app", tag="1"
            )
            answer = self.send(body, status=202)
            [made] = answer.json["operations"]
            self.assertEqual(
                "public.example:5000/team/app:1", made["reference"]
            )

    def test_an_internal_name_alone_leads_nowhere(self):
        self.list.write_text("*/team/*\nteam/*\n")
        answer = self.send(
            event(1, host="registry", repository="team/app", tag="1")
        )
        [left] = answer.json["ignored"]
        self.assertEqual("not_listed", left["reason"])


class AuthTest(ReceiverTestCase):
    """Secrets by the way of each format, two at once."""

    def test_two_secrets_at_once(self):
        secrets = ["the-old-secret-of-it", "the-new-secret-of-it"]
        self.receive(a={"format": "distribution", "secret": secrets})
        for secret in secrets:
            self.headers = {"Authorization": secret}
            self.send(status=200)
        self.headers = {"Authorization": "the-next-secret-of-it"}
        self.send(status=401)

    def test_the_ways_of_the_formats(self):
        body = json.dumps({"zen": "z", "action": "ping"}).encode()

        def signed(algorithm):
            return hmac.new(SECRET.encode(), body, algorithm).hexdigest()

        sha256 = signed(hashlib.sha256)
        for name, headers, query in (
            ("github", {"X-Hub-Signature-256": f"sha256={sha256}",
                        "X-GitHub-Event": "ping"}, ""),
            ("generic", {"X-Signature": f"sha256={sha256}"}, ""),
            ("nexus", {"X-Nexus-Webhook-Signature": signed("sha1"),
                       "X-Nexus-Webhook-Id": "ping"}, ""),
            ("acr", {"Authorization": SECRET}, ""),
            ("ecr", {"X-Webhook-Secret": SECRET}, ""),
            ("artifactory", {"X-JFrog-Event-Auth": SECRET}, ""),
            ("quay", {}, f"?token={SECRET}"),
        ):  # fmt: skip
            options = {"format": name, "secret": [SECRET]}
            self.receive(r=options | {"registry": "r.example"})
            for headers_sent, secret_query, right in (
                (headers, query, True),
                ({}, "", False),
                ({}, "?token=wrong-secret-of-it", False),
            ):
                self.headers = headers_sent
                answer = self.call(
                    "POST", f"/v1/notify/r{secret_query}", body=body
                )
                refused = answer.status_int == 401
                self.assertEqual(right, not refused, name)

    def test_the_way_can_be_chosen(self):
        body = json.dumps({"events": []}).encode()
        digest = hmac.new(SECRET.encode(), body, "sha512").hexdigest()
        for options, headers, query in (
            ({"auth": "query"}, {}, f"?token={SECRET}"),
            ({"auth": "header", "auth_header": "X-A"}, {"X-A": SECRET}, ""),
            (
                {"auth": "hmac-sha512", "auth_header": "X-A"},
                {"X-A": f"sha512={digest}"},
                "",
            ),
        ):
            self.receive(
                a={"format": "distribution", "secret": [SECRET]} | options
            )
            self.headers = headers
            self.call("POST", f"/v1/notify/a{query}", 200, body=body)
            self.headers = {"Authorization": SECRET}
            self.call("POST", "/v1/notify/a", 401, body=body)


class ConfigurationTest(ReceiverTestCase):
    """Receivers that must not go into service."""

    def test_they_keep_it_from_starting_and_are_named(self):
        good = {"format": "distribution", "secret": [SECRET]}
        for options, text in (
            ({"secret": []}, "secret"),
            ({"secret": [""]}, "secret"),
            ({"secret": [SECRET, "short"]}, "secret"),
            ({"auth": "basic"}, "USER:PASSWORD"),
            ({"format": None}, "format must be one of acr, aliyun"),
            ({"format": "x"}, "format must be one of acr, aliyun"),
            ({"format": "nexus"}, "registry"),
            ({"registry": "registry"}, "host"),
            ({"registry": "https://r.example"}, "host"),
            ({"project_id": "x" * 65}, "project_id"),
            ({"format": "gcr"}, "oidc_audience"),
            ({"format": "gcr", "oidc_audience": "a"}, "oidc_email"),
        ):
            error = self.assertRaises(
                receivers.BadReceiver, self.receive, bad=good | options
            )
            self.assertTrue(str(error).startswith("[receiver:bad] "), error)
            self.assertIn(text, str(error))
            self.assertNotIn(SECRET, str(error))
            self.doCleanups_of("receiver:bad")

    def test_names(self):
        for names in (["A"], ["a b"], ["a", "a"], ["../x"], [""], ["x" * 65]):
            self.config(receivers=names, group="notify")
            error = self.assertRaises(receivers.BadReceiver, self.make)
            self.assertIn("receivers", str(error))

    def doCleanups_of(self, group):
        for option in receiver_conf.OPTIONS:
            self.conf.clear_override(option.name, group=group)
