# SPDX-License-Identifier: Apache-2.0
"""A service that takes no more for the moment."""

import json

import openstack
from openstack import exceptions
import testtools

from reposync.client import sdk
from reposync.client.osc import errors
from tests.fixtures import http

_TEXT = "2 operations of this project wait, and no more may. Cancel some"


class Busy(http.Handler):
    """Refuses the first two calls."""

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.owner.calls += 1
        if self.owner.calls > 2:
            status = 202
            body = {"operation": {"id": "i", "kind": "pull"}}
        else:
            status = 429
            body = {
                "errors": [{"code": "too_many_operations", "detail": _TEXT}]
            }
        self.answer(
            status,
            json.dumps(body).encode(),
            Content_Type="application/json",
            Retry_After=0,
        )


class TooManyTest(testtools.TestCase):
    """``conn.reposync``."""

    def setUp(self):
        super().setUp()
        self.server = self.useFixture(http.HttpServer(Busy))
        self.server.calls = 0

    def connect(self, **settings):
        conn = openstack.connect(
            auth_type="admin_token",
            auth={"endpoint": f"http://{self.server.host}", "token": "x"},
            load_yaml_config=False,
            load_envvars=False,
            **settings,
        )
        self.addCleanup(conn.close)
        return sdk.register(conn)

    def test_the_words_of_the_service(self):
        error = self.assertRaises(
            exceptions.HttpException, self.connect().pull_image, "busybox"
        )
        self.assertEqual((429, 1), (error.status_code, self.server.calls))
        self.assertEqual(_TEXT, errors.explain(error))
        self.assertTrue(errors.is_passing(error))

    def test_it_comes_back_if_it_may(self):
        client = self.connect(image_sync_status_code_retries=5)
        self.assertEqual("i", client.pull_image("busybox").id)
        self.assertEqual(3, self.server.calls)
