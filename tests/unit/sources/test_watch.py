# SPDX-License-Identifier: Apache-2.0
"""Reading from something that falls silent."""

import threading

from oslo_context import context as oslo_context
import testtools

from reposync import context
from reposync import exception
from reposync.sources.archive import stall_guard


class WatchedTest(testtools.TestCase):
    """What comes, and what happens when nothing does."""

    def setUp(self):
        super().setUp()
        self.release = threading.Event()

    def watched(self, items, tick=lambda: None, seconds=60):
        watched = stall_guard.Watched(lambda: iter(items), tick, seconds)
        self.addCleanup(watched.close)
        self.addCleanup(self.release.set)
        return watched

    def generator(self, *items):
        yield from items

    def test_all_comes_in_order(self):
        found = list(self.watched(self.generator(*range(100))))
        self.assertEqual(list(range(100)), found)

    def test_nothing_is_read_before_it_is_asked_for(self):
        finished = []

        def items():
            for number in range(100):
                yield number, len(finished)

        for number, before in self.watched(items()):
            self.assertEqual(number, before)
            finished.append(number)

    def test_errors_come_through(self):
        def broken():
            yield 1
            raise OSError("gone")

        self.assertRaises(OSError, list, self.watched(broken()))

    def test_the_thread_works_for_the_same_operation(self):
        context.enter("1", request_id="req-1", project_id=None, user_id=None)
        self.addCleanup(context.leave)
        [found] = self.watched(
            oslo_context.get_current().resource_uuid for _ in range(1)
        )
        self.assertEqual("1", found)

    def silent(self):
        def items():
            yield 1
            self.release.wait()

        return items()

    def test_silence_is_the_end(self):
        self.assertRaises(
            exception.SourceUnavailable,
            list,
            self.watched(self.silent(), seconds=0),
        )

    def test_a_tick_may_end_it(self):
        def tick():
            raise exception.OperationCancelled("enough")

        self.assertRaises(
            exception.OperationCancelled,
            list,
            self.watched(self.silent(), tick),
        )
