# SPDX-License-Identifier: Apache-2.0
"""The registry source where a registry wants logins, redirects or limits."""

import base64
import json
import threading
import time

from reposync import exception
from tests.contract import source as contract
from tests.fixtures import faulty
from tests.functional import test_registry_faults


class AccessTest(test_registry_faults.FaultTestCase):
    """Logins and redirects."""

    def give(self, host):
        pair = base64.b64encode(b"somebody:open-sesame").decode()
        auths = {host: {"auth": pair}}
        self.config(auth_config=json.dumps({"auths": auths}), group="registry")

    def want_login(self, handler):
        if handler.headers.get("Authorization"):
            return None
        handler.answer(401, WWW_Authenticate='Basic realm="lab"')
        return True

    def test_storage_elsewhere_does_not_see_the_login(self):
        self.give(self.proxy.host)
        storage = self.useFixture(faulty.FaultyProxy(self.upstream))

        def redirect(handler):
            if self.want_login(handler):
                return True
            if "/blobs/" in handler.path:
                place = f"http://{storage.host}{handler.path}"
                handler.answer(307, Location=place)
                return True
            return None

        self.proxy.fault = redirect
        self.assertTrue(self.read())
        self.assertTrue(storage.seen)
        for _, _, headers in storage.seen:
            self.assertNotIn("authorization", headers)

    def test_redirects_without_end(self):
        self.config(attempts=1, group="registry")

        def redirect(handler):
            handler.answer(307, Location=handler.path)
            return True

        self.proxy.fault = redirect
        self.assertRaises(exception.SourceUnavailable, self.read)

    def test_a_redirect_to_plain_http_is_refused(self):
        def redirect(handler):
            handler.answer(307, Location="http://storage.example.org/x")
            return True

        self.proxy.fault = redirect
        error = self.assertRaises(exception.SourceError, self.read)
        self.assertIn("not https", error.message)

    def test_a_login_that_ends_in_mid_copy(self):
        self.give(self.proxy.host)
        logins = []

        def fault(handler, count):
            if count == 1:
                return handler.pass_on(most=1_000_000)
            if count == 2:
                handler.answer(401, WWW_Authenticate='Basic realm="lab"')
                logins.append(count)
                return True
            return None

        self.break_blobs(fault)
        self.assertTrue(self.read())
        self.assertEqual([2], logins)

    def test_a_mirror_is_asked_first_and_without_the_login(self):
        mirror = self.useFixture(faulty.FaultyProxy(self.upstream))
        self.give(self.proxy.host)
        self.config(mirrors={self.proxy.host: mirror.host}, group="registry")
        self.assertTrue(self.read())
        self.assertEqual([], self.proxy.seen)
        for _, _, headers in mirror.seen:
            self.assertNotIn("authorization", headers)

    def test_what_a_mirror_does_not_have(self):
        mirror = self.useFixture(faulty.FaultyProxy(self.upstream))
        mirror.fault = lambda handler: handler.answer(404) or True
        self.config(mirrors={self.proxy.host: mirror.host}, group="registry")
        self.assertTrue(self.read())
        self.assertTrue(mirror.seen)


class LimitTest(test_registry_faults.FaultTestCase):
    """A registry that limits how often it is asked."""

    def refuse(self, **headers):
        self.proxy.fault = lambda handler: (
            handler.answer(
                429, b'{"errors": [{"code": "TOOMANYREQUESTS"}]}', **headers
            )
            or True
        )

    def test_a_long_pause_is_shared(self):
        self.refuse(Retry_After=120)
        error = self.assertRaises(exception.RateLimited, self.resolve)
        self.assertGreater(error.retry_after, 100)
        asked = len(self.proxy.seen)
        self.assertRaises(exception.RateLimited, self.resolve)
        self.assertEqual(asked, len(self.proxy.seen))

    def test_a_short_pause_is_sat_out(self):
        left = [1]

        def fault(handler):
            if left:
                left.pop()
                handler.answer(429, Retry_After=1)
                return True
            return None

        self.proxy.fault = fault
        begun = time.monotonic()
        self.assertTrue(self.resolve().digest)
        self.assertGreaterEqual(time.monotonic() - begun, 1)

    def test_a_used_up_limit_is_not_asked_for_more(self):
        self.proxy.headers = {
            "RateLimit-Limit": "100;w=21600",
            "RateLimit-Remaining": "0;w=21600",
        }
        resolved = self.resolve()
        budget = self.source.budgets()[self.proxy.host]
        self.assertEqual((100, 0, 21600), self.numbers(budget))

        def read():
            with self.source.archive(resolved, lambda *_: None):
                pass

        error = self.assertRaises(exception.RateLimited, read)
        self.assertIn("0 of 100", error.message)
        self.assertEqual([], self.proxy.paths("GET", "/manifests/"))

    def numbers(self, budget):
        return budget.limit, budget.remaining, budget.window

    def test_requests_a_second(self):
        self.config(requests_per_second=20.0, group="registry")
        source = type(self.source)(self.conf)
        begun = time.monotonic()
        for _ in range(11):
            source.resolve(self.reference, contract.PLATFORM)
        self.assertGreaterEqual(time.monotonic() - begun, 0.5)

    def test_open_requests(self):
        self.config(concurrency=2, group="registry")
        source = type(self.source)(self.conf)
        lock, busy, most = threading.Lock(), [0], [0]

        def count(handler):
            with lock:
                busy[0] += 1
                most[0] = max(most[0], busy[0])
            time.sleep(0.05)
            with lock:
                busy[0] -= 1

        self.proxy.fault = count
        threads = [
            threading.Thread(
                target=source.resolve,
                args=(self.reference, contract.PLATFORM),
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(2, most[0])
