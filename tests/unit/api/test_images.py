# SPDX-License-Identifier: Apache-2.0
"""``/v1/images``."""

import json
from urllib.parse import urlencode

from reposync import exception
from reposync.drivers import base as driver
from tests.fixtures import wait
from tests.unit.api import base


class ImagesTest(base.ApiTestCase):
    """List, show, pull, delete."""

    def setUp(self):
        super().setUp()
        self.conductor.shelf = [
            driver.Image("1", "busybox", "docker", docker_tag="1"),
            driver.Image("2", "host:5/a", "docker"),
            driver.Image("3", "disk", "vm"),
        ]

    def ids(self, query=""):
        found = self.call("GET", f"/v1/images{query}", 200).json
        return [image["id"] for image in found["images"]]

    def test_list(self):
        for query, expected in (
            ("", "123"),
            ("/", "123"),
            ("?filter=b*", "1"),
            ("?filter=(disk|busybox)", "13"),
            ("?type=docker", "12"),
            ("?type=vm&filter=*", "3"),
            ("?filter=nothing", ""),
        ):
            self.assertEqual(list(expected), self.ids(query), query)

    def test_an_image_has_all_fields(self):
        page = self.call("GET", "/v1/images?filter=busybox").json
        self.assertEqual([self.conductor.shelf[0].to_dict()], page["images"])

    def test_pages_lead_to_each_other(self):
        path, seen = "/v1/images?limit=1&filter=*", []
        while path:
            page = self.call("GET", path, 200).json
            seen += [image["id"] for image in page["images"]]
            links = {link["rel"]: link["href"] for link in page["links"]}
            path = links.get("next")
        self.assertEqual(["1", "2", "3"], seen)

    def test_bad_queries(self):
        self.config(max_limit=500, group="api")
        for query, code in (
            ("filter=(", "invalid_filter"),
            ("filter=" + "x" * 300, "invalid_filter"),
            ("type=other", "invalid_request"),
            ("limit=0", "invalid_request"),
            ("limit=501", "invalid_request"),
            ("limit=-1", "invalid_request"),
            ("limit=x", "invalid_request"),
            ("limit=1&limit=2", "invalid_request"),
            ("marker=unknown", "invalid_request"),
            ("nothing=1", "invalid_request"),
            ("filter=%00", "invalid_request"),
            ("filter=%ff", "invalid_request"),
            ("filter=", "invalid_request"),
        ):
            self.refused(400, code, "GET", f"/v1/images?{query}")

    def test_show(self):
        found = self.call("GET", "/v1/images/2", 200).json["image"]
        self.assertEqual("host:5/a", found["name"])
        for image_id in ("9", "%00", "a%20b", "%ff", "x" * 300):
            path = f"/v1/images/{image_id}"
            answer = self.call("GET", path)
            self.assertIn(answer.status_int, (400, 404), path)
        self.refused(404, "image_not_found", "GET", "/v1/images/9")

    def test_what_the_conductor_says(self):
        for failure, status in (
            (exception.ConductorUnavailable("x", retry_after=10), 503),
            (exception.ConductorTimeout("x"), 504),
            (exception.CatalogueUnavailable("x"), 503),
            (exception.CatalogueDenied("x"), 502),
        ):
            self.conductor.failure = failure
            for path in ("/v1/images", "/v1/images/1"):
                self.refused(status, failure.code, "GET", path)
        self.conductor.failure = RuntimeError("password=hunter2")
        self.refused(500, "internal_error", "GET", "/v1/images")
        self.assertNotIn(b"hunter2", self.answer.body)

    def test_pull(self):
        for query, body, expected in (
            ("?imageName=busybox", None, "busybox:latest"),
            ("?imageName=busybox&tag=1.36", None, "busybox:1.36"),
            ("?imageName=host:5000/a/b:2", None, "host:5000/a/b:2"),
            ("", {"name": "debian"}, "debian:latest"),
            ("", {"name": "debian", "tag": "12"}, "debian:12"),
        ):
            answer = self.pull(query, body)
            self.assertEqual(202, answer.status_int, answer.body)
            operation = answer.json["operation"]
            url = f"http://localhost/v1/operations/{operation['id']}"
            self.assertEqual(url, answer.headers["Location"])
            self.assertEqual(
                ("pull", "queued", expected, "reposync"),
                tuple(
                    operation[key]
                    for key in ("kind", "state", "reference", "project_id")
                ),
            )
            wait.until(lambda: self.conductor.nudges, "the nudge")
            self.assertEqual([operation["id"]], self.conductor.nudges)
            self.conductor.nudges.clear()

    def test_only_listed_names_are_pulled_for_others_than_administrators(self):
        self.lose("reposync:images:pull_unlisted")
        self.list.write_text("team/*\nbusybox:1\nhost:5/a source=docker\n%\n")
        for name, tag, status in (
            ("team/app", None, 202),
            ("team/app:1", None, 202),
            ("docker.io/team/app", "2", 202),
            ("docker.io/library/busybox:1", None, 202),
            ("host:5/a", "x", 202),
            ("busybox", None, 403),
            ("busybox", "1.36", 403),
            ("team", None, 403),
            ("steam/app", None, 403),
            ("registry.example.org/team/secret:1", None, 403),
            ("host:5/a/b", None, 403),
            ("UPPER", None, 400),
        ):
            content = {"name": name} | ({"tag": tag} if tag else {})
            query = "?" + urlencode(
                {"imageName": name} | ({"tag": tag} if tag else {})
            )
            for answer in (self.pull(query), self.pull("", content)):
                self.assertEqual(status, answer.status_int, (name, tag))
                if status == 403:
                    [error] = answer.json["errors"]
                    self.assertEqual("repository_not_allowed", error["code"])
                    self.assertIn("Ask an operator", error["detail"])
        self.assertEqual(5, len(self.rows()))

    def lose(self, rule):
        """Take a right from everybody."""
        path = self.path / "policy.yaml"
        path.write_text(f'"{rule}": "!"\n')
        self.config(policy_file=str(path), group="oslo_policy")
        self.make()

    def test_a_list_that_cannot_be_read_lets_nobody_else_pull(self):
        path = "/v1/images?imageName=team/app"
        self.list.unlink()
        self.call("PUT", path, 202)
        self.lose("reposync:images:pull_unlisted")
        self.refused(503, "repositories_unreadable", "PUT", path)
        self.assertEqual(1, len(self.rows()))

    def test_whoever_may_not_pull_may_not_pull_what_is_not_listed(self):
        self.lose("reposync:images:pull")
        for name in ("team/app", "busybox"):
            path = f"/v1/images?imageName={name}"
            self.refused(403, "forbidden", "PUT", path)

    def pull(self, query="?imageName=busybox", body=None, **kwargs):
        if body is not None:
            kwargs["body"] = json.dumps(body).encode()
            kwargs["content_type"] = "application/json"
        return self.call("PUT", f"/v1/images{query}", **kwargs)

    def test_identical_pulls_meet(self):
        first, second = (self.pull().json["operation"] for _ in range(2))
        self.assertEqual(first["id"], second["id"])
        self.assertEqual(1, second["coalesced"])

    def test_a_bus_that_is_away_does_not_matter(self):
        self.conductor.failure = exception.ConductorUnavailable("away")
        self.assertEqual(202, self.pull().status_int)

    def test_bad_pulls_change_nothing(self):
        for query, body, code in (
            ("", None, "invalid_request"),
            ("?tag=1", None, "invalid_request"),
            ("?imageName=UPPER", None, "invalid_reference"),
            ("?imageName=a&tag=b%20c", None, "invalid_reference"),
            ("?imageName=a:1&tag=2", None, "invalid_reference"),
            ("?imageName=a%00", None, "invalid_request"),
            ("?imageName=a@sha256:" + "0" * 64, None, "invalid_reference"),
            ("?imageName=a&other=1", None, "invalid_request"),
            ("?imageName=a", {"name": "b"}, "invalid_request"),
            ("", {}, "invalid_request"),
            ("", [], "invalid_request"),
            ("", {"name": 5}, "invalid_request"),
            ("", {"name": "a\ud800"}, "invalid_request"),
            ("", {"name": "a", "x": 1}, "invalid_request"),
        ):
            answer = self.pull(query, body)
            self.assertEqual(400, answer.status_int, (query, body))
            self.assertEqual(code, answer.json["errors"][0]["code"])
        self.refused(
            400,
            "invalid_request",
            "PUT",
            "/v1/images",
            body=b"{",
            content_type="application/json",
        )
        self.refused(
            415,
            "unsupported_media_type",
            "PUT",
            "/v1/images",
            body=b"<a/>",
            content_type="text/xml",
        )
        self.refused(
            413,
            "payload_too_large",
            "PUT",
            "/v1/images",
            body=b"x" * (2 << 20),
            content_type="application/json",
        )
        self.assertEqual([], self.rows())

    def test_delete(self):
        answer = self.call("DELETE", "/v1/images/1", 202)
        operation = answer.json["operation"]
        self.assertEqual(
            ("delete", "1"), (operation["kind"], operation["image_id"])
        )

    def test_methods(self):
        error = self.refused(405, "method_not_allowed", "POST", "/v1/images")
        self.assertIn("Allow", error["detail"])
        self.assertEqual("GET, PUT, HEAD", self.answer.headers["Allow"])
        self.refused(405, "method_not_allowed", "PATCH", "/v1/images/1")
        self.call("HEAD", "/v1/images", 200)
