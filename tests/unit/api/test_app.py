# SPDX-License-Identifier: Apache-2.0
"""The pipeline: discovery, authentication, errors, headers."""

import inspect
import logging
import os

from keystoneauth1 import discover
from keystoneauth1 import fixture
from keystoneauth1 import session
from keystonemiddleware import fixture as token_fixture

from reposync import exception
from reposync import logs
from reposync.api import errors
from reposync.api.identity import authentication
from tests.unit.api import base


class AppTest(base.ApiTestCase):
    """What holds for all calls."""

    def test_discovery(self):
        self.headers = {}
        found = self.call("GET", "/", 300).json["versions"]
        self.assertEqual(["v1.0"], [each["id"] for each in found])
        self.assertEqual(found[0], self.call("GET", "/v1").json["version"])
        self.call("GET", "/v1/", 200)
        self.call("HEAD", "/", 300)

    def test_unknown_paths(self):
        for path in ("/x", "/v1/x", "/v2", "/v1/images/1/x", "/v1//images"):
            self.refused(404, "not_found", "GET", path)

    def test_tokens(self):
        for headers in (
            {},
            {"X-Auth-Token": "wrong"},
            {"X-Auth-Token": ""},
            {"X-Auth-Token": "\xe9"},
            {"X-Roles": "admin", "X-Project-Id": "reposync"},
            {"X-Service-Token": base.TOKEN},
        ):
            self.headers = headers
            self.refused(401, "unauthorized", "GET", "/v1/images")
            self.assertIn("WWW-Authenticate", self.answer.headers)

    def test_a_bad_secret_keeps_it_from_starting(self):
        path = self.path / "token"
        for options in (
            {"token": ""},
            {"token": "short"},
            {"token": None, "token_file": None},
            {"token": None, "token_file": str(path)},
        ):
            self.config(**options, group="api")
            self.assertRaises(authentication.BadSecret, self.make)
        path.write_text("x" * 32)
        path.chmod(0o644)
        self.assertRaises(authentication.BadSecret, self.make)
        path.chmod(0o600)
        self.make()
        if os.geteuid() == 0:
            # Whose it is knows it.
            os.chown(path, 65534, -1)
            self.assertRaises(authentication.BadSecret, self.make)

    def test_a_path_makes_one_line_of_the_log(self):
        factory = logging.getLogRecordFactory()
        self.addCleanup(logging.setLogRecordFactory, factory)
        logs.setup()
        self.call("GET", "/v1/x%0A2026-01-01%20forged%1B%5B2J", 404)
        lines = self.log.output.splitlines()
        [line] = [line for line in lines if "forged" in line]
        self.assertTrue(line.startswith('- "GET /v1/x'), line)
        self.assertTrue(line.isprintable(), line)

    def test_a_request_id_is_kept(self):
        sent = "req-6f0f4ca2-0000-4000-8000-000000000000"
        self.call("PUT", "/v1/sync", headers={"X-OpenStack-Request-ID": sent})
        self.assertTrue(self.rows()[0].request_id.startswith("req-"))

    def test_behind_a_proxy(self):
        self.config(enable_proxy_headers_parsing=True, group="oslo_middleware")
        self.make()
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.b"}
        answer = self.call("PUT", "/v1/sync", 202, headers=headers)
        location = answer.headers["Location"]
        self.assertTrue(location.startswith("https://a.b/v1/operations/"))

    def test_cors(self):
        origin = {"Origin": "https://ui.example"}
        answer = self.call("GET", "/v1/operations", 200, headers=origin)
        self.assertNotIn("Access-Control-Allow-Origin", answer.headers)
        self.config(allowed_origin=["https://ui.example"], group="cors")
        self.make()
        for headers, status in (({}, 200), ({"X-Auth-Token": "no"}, 401)):
            answer = self.call(
                "GET", "/v1/operations", status, headers=origin | headers
            )
            self.assertEqual(
                "https://ui.example",
                answer.headers["Access-Control-Allow-Origin"],
            )

    def test_healthcheck(self):
        self.headers = {}
        self.config(transport_url="fake://")
        self.make()
        self.call("GET", "/healthcheck", 200)
        self.config(transport_url="rabbit://u:hunter2@127.0.0.1:1/")
        self.make()
        answer = self.call("GET", "/healthcheck", 503)
        self.assertIn(b"message bus AWAY", answer.body)
        self.assertIn(b"database OK", answer.body)
        self.assertNotIn("hunter2", self.log.output)

    def test_every_error_has_a_status(self):
        for _, kind in inspect.getmembers(exception, inspect.isclass):
            error = kind("text")
            status = errors.status_of(error)
            answer = errors.from_exception(error, "req-1")
            self.assertEqual(status, answer.status_int)
            self.assertTrue(errors.is_envelope(answer))
            self.assertRegex(error.code, r"^[a-z0-9_]+$")

    def test_codes_are_unique(self):
        codes = [
            kind.code
            for _, kind in inspect.getmembers(exception, inspect.isclass)
        ]
        self.assertEqual(len(codes), len(set(codes)))


class KeystoneTest(base.ApiTestCase):
    """Tokens of Keystone, and what roles may do."""

    def setUp(self):
        super().setUp()
        self.config(auth_strategy="keystone", group="api")
        self.config(
            www_authenticate_uri="http://keystone.example/v3",
            group="keystone_authtoken",
        )
        tokens = self.useFixture(token_fixture.AuthTokenFixture())
        self.keystone = tokens
        self.tokens = {}
        for project in ("mine", "other"):
            for role in ("reader", "member", "manager", "admin", "service"):
                roles = self.implied(role)
                token = f"token-of-{role}-in-{project}"
                tokens.add_token_data(
                    token_id=token,
                    user_id="u",
                    project_id=project,
                    role_list=roles,
                )
                self.tokens[project, role] = token
        self.make()

    @staticmethod
    def implied(role):
        order = ["reader", "member", "manager", "admin"]
        if role not in order:
            return [role]
        return order[: order.index(role) + 1]

    def test_roles(self):
        for method, path, least in (
            ("GET", "/v1/images", "reader"),
            ("GET", "/v1/operations", "reader"),
            ("PUT", "/v1/images?imageName=team/a", "manager"),
            ("PUT", "/v1/images?imageName=a", "admin"),
            ("DELETE", "/v1/images/1", "admin"),
            ("PUT", "/v1/sync", "admin"),
            ("GET", "/v1/operations?all_projects=true", "admin"),
        ):
            for role in ("reader", "member", "manager", "admin", "service"):
                allowed = role == "service" or least in self.implied(role)
                self.headers = {"X-Auth-Token": self.tokens["mine", role]}
                answer = self.call(method, path)
                self.assertEqual(
                    not allowed, answer.status_int == 403, (path, role)
                )

    def test_operations_of_projects(self):
        self.headers = {"X-Auth-Token": self.tokens["mine", "manager"]}
        answer = self.call("PUT", "/v1/images?imageName=team/a", 202)
        path = f"/v1/operations/{answer.json['operation']['id']}"
        for project, role, shown, cancelled in (
            ("other", "reader", 404, 404),
            ("other", "manager", 404, 404),
            ("mine", "reader", 200, 403),
            ("mine", "member", 200, 403),
            ("other", "admin", 200, 202),
            ("mine", "manager", 200, 409),
        ):
            self.headers = {"X-Auth-Token": self.tokens[project, role]}
            found = (
                self.call("GET", path).status_int,
                self.call("DELETE", path).status_int,
            )
            self.assertEqual((shown, cancelled), found, (project, role))

    def test_tokens_without_a_project(self):
        for scope in ("none", "domain", "system"):
            token = fixture.V3Token(user_id="u")
            if scope == "domain":
                token.set_domain_scope()
            elif scope == "system":
                token.set_system_scope()
            # Keystone gives no roles to what has no scope.
            roles = (*self.implied("admin"), "service")
            for role in roles if scope != "none" else ():
                token.add_role(name=role)
            self.keystone.add_token(token, scope)
            self.headers = {"X-Auth-Token": scope}
            for method, path in (
                ("GET", "/v1/images"),
                ("GET", "/v1/operations?all_projects=true"),
                ("PUT", "/v1/images?imageName=team/a"),
                ("PUT", "/v1/sync"),
            ):
                self.refused(403, "forbidden", method, path)
        self.assertEqual([], self.rows())

    def test_a_wrong_token(self):
        self.headers = {"X-Auth-Token": "wrong"}
        self.refused(401, "unauthorized", "GET", "/v1/images")
        self.assertIn("WWW-Authenticate", self.answer.headers)


class DiscoveryTest(base.ApiTestCase):
    """keystoneauth finds the version."""

    def test_it_is_understood(self):
        versions = self.app.get("/", status=300).json["versions"]

        class Fixed(session.Session):
            def request(self, *args, **kwargs):
                raise AssertionError("no request is needed")

        data = discover.Discover.__new__(discover.Discover)
        data._data = versions
        data._url = "http://localhost/"
        found = data.version_data()
        self.assertEqual((1, 0), found[0]["version"])
        self.assertEqual("http://localhost/v1/", found[0]["url"])
