# SPDX-License-Identifier: Apache-2.0
"""Errors in words that say what to do."""

from keystoneauth1 import exceptions as keystone
from openstack import exceptions
import requests
import testtools

from reposync.client.osc import errors


class Answer:
    """What the errors of the SDK look at."""

    def __init__(self, status, code):
        self.status_code = status
        self.code = code
        self.headers = {"x-openstack-request-id": "req-1"}
        self.url = "http://host/v1"
        self.reason = "Reason"
        self.text = ""
        self.request = None

    def json(self):
        return {"errors": [{"code": self.code}] if self.code else []}


def refusal(status, code=None):
    """Make the error that the SDK raises."""
    answer = Answer(status, code)
    return exceptions.HttpException("It said so.", response=answer)


class ErrorsTest(testtools.TestCase):
    """``explain`` and ``is_passing``."""

    def test_answers_with_what_to_do(self):
        for status, text in (
            (400, "It said so"),
            (401, "It said so. Check the token"),
            (403, "It said so. Ask for the role"),
            (503, "It said so. Operations that were accepted are not lost"),
            (504, "It said so. Does a reposync-conductor run?"),
        ):
            found = errors.explain(refusal(status))
            self.assertTrue(found.startswith(text), found)
            self.assertEqual(status >= 500, "(req-1)" in found)

    def test_a_text_that_says_what_to_do(self):
        refused = refusal(403, "repository_not_allowed")
        self.assertEqual("It said so", errors.explain(refused))

    def test_an_answer_of_something_else(self):
        answer = requests.Response()
        answer.status_code, answer.url = 404, "http://host/v1/images"
        error = self.assertRaises(
            exceptions.NotFoundException,
            exceptions.raise_from_response,
            answer,
            None,
        )
        found = errors.explain(error)
        self.assertIn("http://host/v1/images answers 404", found)

    def test_others(self):
        for error, text in (
            (keystone.ConnectFailure("refused"), "Nothing answers there"),
            (exceptions.ServiceDisabledException("x"), "has no reposync"),
            (exceptions.SDKException("as it is"), "as it is"),
        ):
            self.assertIn(text, errors.explain(error))

    def test_what_passes(self):
        for error, passing in (
            (refusal(503), True),
            (refusal(504), True),
            (refusal(401), False),
            (keystone.ConnectFailure("refused"), True),
            (keystone.DiscoveryFailure("x"), False),
            (exceptions.SDKException("x"), False),
        ):
            self.assertIs(passing, errors.is_passing(error))
