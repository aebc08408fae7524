# SPDX-License-Identifier: Apache-2.0
"""Which ids the lines of a request have."""

from oslo_context import context

from tests.unit.api import base


class ContextTest(base.ApiTestCase):
    """The context of the thread that serves."""

    def test_the_ids_are_those_of_the_request(self):
        answer = self.call("PUT", "/v1/images?imageName=busybox", 202)
        current = context.get_current()
        self.assertEqual(answer.json["operation"]["id"], current.resource_uuid)
        self.assertEqual(
            answer.headers["X-OpenStack-Request-ID"], current.request_id
        )

    def test_the_next_request_has_its_own(self):
        self.call("PUT", "/v1/images?imageName=busybox", 202)
        # Refused before anybody knows who asks.
        self.headers = {
            "X-OpenStack-Request-ID": "req-11111111-1111-4111-8111-"
            "111111111111"
        }
        answer = self.call("GET", "/v1/operations", 401)
        current = context.get_current()
        self.assertIsNone(current.resource_uuid)
        self.assertEqual(
            answer.headers["X-OpenStack-Request-ID"], current.request_id
        )
        self.assertEqual(
            self.headers["X-OpenStack-Request-ID"], current.global_request_id
        )
