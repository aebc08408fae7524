# SPDX-License-Identifier: Apache-2.0
"""Accounts that are refused, and token servers that ask to wait."""

import email.utils
import os
import threading
import time

from reposync import exception
from reposync.sources.registry import client as registry_client
from tests.unit.sources import logins

THREADS = 40


class CrowdTestCase(logins.LoginTestCase):
    """A test with many lookups at once."""

    def crowd(self):
        """Ask for images in many threads; gives what came of each."""
        outcomes = []

        def ask(number):
            try:
                outcomes.append(self.ask(f"team/app{number}"))
            except exception.ReposyncError as error:
                outcomes.append(error)

        threads = [
            threading.Thread(target=ask, args=(number,))
            for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(THREADS, len(outcomes))
        return outcomes


class StalePasswordTest(CrowdTestCase):
    """A password that is not right any more."""

    def refuse_tokens(self, status=401, body=b"{}"):
        self.registry.give = lambda asked: asked.answer(status, body)

    def test_one_request_has_it(self):
        self.account()
        for status, body in ((401, b"{}"), (403, b"Forbidden")):
            self.client = registry_client.RegistryClient(self.conf)
            self.registry.seen.clear()
            self.refuse_tokens(status, body)
            outcomes = self.crowd()
            self.assertEqual(["u:p"], self.registry.passwords)
            for outcome in outcomes:
                self.assertIsInstance(outcome, exception.RegistryDenied)
                for part in (self.registry.host, "account u", "auth_file"):
                    self.assertIn(part, outcome.message)
            asked = len(self.registry.seen)
            self.assertRaises(exception.RegistryDenied, self.ask)
            self.assertEqual(asked, len(self.registry.seen))

    def test_the_same_for_basic(self):
        self.account()
        self.registry.challenges = ["Basic realm=x"]
        self.registry.accepted = lambda path, header: False
        for outcome in self.crowd():
            self.assertIsInstance(outcome, exception.RegistryDenied)
        self.assertEqual(["u:p"], self.registry.passwords)

    def test_until_the_file_changes(self):
        self.account(password="old")
        self.refuse_tokens()
        self.assertRaises(exception.RegistryDenied, self.ask)
        self.registry.give = lambda asked: asked.token()
        self.assertRaises(exception.RegistryDenied, self.ask)
        self.account(password="new")
        self.assertEqual(200, self.ask())
        # The same password, after somebody has done something about it.
        self.account(password="old")
        self.assertEqual(200, self.ask("other"))

    def test_a_file_that_is_touched_is_tried_again(self):
        self.account()
        self.refuse_tokens()
        self.assertRaises(exception.RegistryDenied, self.ask)
        self.registry.give = lambda asked: asked.token()
        os.utime(self.path / "config.json", (1, 1))
        self.assertEqual(200, self.ask())

    def test_one_repository_says_nothing_of_others(self):
        self.account()
        denied = b'{"errors": [{"code": "DENIED", "message": "no"}]}'
        self.registry.give = lambda asked: (
            asked.answer(403, denied)
            if "secret" in asked.query["scope"][0]
            else asked.token()
        )
        error = self.assertRaises(
            exception.RegistryDenied, self.ask, "team/secret"
        )
        self.assertIn("team/secret", error.message)
        self.assertEqual(200, self.ask("team/open"))

    def test_strangers_are_refused_one_by_one(self):
        self.registry.give = lambda asked: (
            asked.answer(401)
            if "secret" in asked.query["scope"][0]
            else asked.token()
        )
        for _ in range(2):
            self.assertRaises(exception.RegistryDenied, self.ask, "secret")
            self.assertEqual(200, self.ask("open"))

    def test_a_good_account_is_not_used_in_turn(self):
        self.account()
        self.ask()
        gate, inside = threading.Barrier(2, timeout=30), []

        def give(asked):
            inside.append(gate.wait())
            asked.token()

        self.registry.give = give
        threads = [
            threading.Thread(target=self.ask, args=(name,)) for name in "ab"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual([0, 1], sorted(inside))


class PauseTest(CrowdTestCase):
    """A token server that asks to come back later."""

    def pause(self, status, **headers):
        self.registry.give = lambda asked: asked.answer(status, **headers)

    def test_all_wait_as_told(self):
        date = email.utils.formatdate(time.time() + 121, usegmt=True)
        for status, headers in (
            (429, {"Retry_After": "120"}),
            (429, {"Retry_After": date}),
            (503, {"Retry_After": "120"}),
        ):
            self.client = registry_client.RegistryClient(self.conf)
            self.registry.seen.clear()
            self.pause(status, **headers)
            for outcome in self.crowd():
                self.assertIsInstance(outcome, exception.RateLimited)
                self.assertIn(self.registry.host, outcome.message)
                self.check(100, outcome.retry_after, 130)
            self.assertEqual(1, len(self.registry.requests("/token")))

    def test_a_sensible_pause_where_none_is_named(self):
        for headers in ({}, {"Retry_After": "soon"}, {"Retry_After": "-5"}):
            self.client = registry_client.RegistryClient(self.conf)
            self.pause(429, **headers)
            error = self.assertRaises(exception.RateLimited, self.ask)
            self.check(0.5, error.retry_after, 900)

    def test_no_pause_is_without_end(self):
        self.pause(429, Retry_After="99999999")
        error = self.assertRaises(exception.RateLimited, self.ask)
        self.check(60, error.retry_after, 7 * 24 * 3600)

    def test_what_may_pass_is_tried_again(self):
        self.config(attempts=3, group="registry")
        client = registry_client.RegistryClient(self.conf)
        answers = [503, 502]

        def give(asked):
            if answers:
                asked.answer(answers.pop())
            else:
                asked.token()

        self.registry.give = give
        self.assertEqual(200, self.ask(client=client))

    def check(self, least, number, most):
        self.assertTrue(least <= number <= most, number)
