# SPDX-License-Identifier: Apache-2.0
"""Which connections are kept when there are too many."""

import contextlib
import socket

from reposync.api.serving import listener
from tests.unit import base


class ListenerTest(base.TestCase):
    """A listener with room for three."""

    def setUp(self):
        super().setUp()
        opened = socket.create_server(("127.0.0.1", 0))
        self.listener = listener.Listener(opened, 3, 60)
        self.addCleanup(self.listener.close)
        self.accepted = []

    def connect(self):
        """Open a connection that is accepted; returns the caller's end."""
        mine = socket.create_connection(self.listener.getsockname(), 20)
        self.addCleanup(mine.close)
        theirs, _ = self.listener.accept()
        self.addCleanup(theirs.close)
        self.accepted.append(theirs)
        return mine

    def is_open(self, mine):
        mine.setblocking(False)
        try:
            return mine.recv(1) != b""
        except BlockingIOError:
            return True

    def test_the_longest_silent_goes(self):
        ends = [self.connect() for _ in range(5)]
        opened = [self.is_open(each) for each in ends]
        self.assertEqual([False, False, True, True, True], opened)

    def test_what_was_closed_makes_room(self):
        first = self.connect()
        for _ in range(5):
            self.connect()
            self.accepted.pop().close()
        self.assertTrue(self.is_open(first))

    def test_who_waits_for_an_answer_does_not_go(self):
        first = self.connect()
        with self.listener.serving(first.getsockname()):
            others = [self.connect() for _ in range(5)]
            self.assertTrue(self.is_open(first))
        self.assertTrue(self.is_open(others[-1]))
        # It was served last, so it has not waited long.
        self.connect()
        self.assertTrue(self.is_open(first))
        self.assertFalse(self.is_open(others[-2]))

    def test_there_may_be_no_room_at_all(self):
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                each = self.connect().getsockname()
                stack.enter_context(self.listener.serving(each))
            self.listener.setblocking(False)
            more = socket.create_connection(self.listener.getsockname(), 20)
            self.addCleanup(more.close)
            self.assertRaises(BlockingIOError, self.listener.accept)
            self.assertFalse(self.is_open(more))

    def test_a_sweep_takes_those_that_waited_too_long(self):
        served, silent = self.connect(), self.connect()
        with self.listener.serving(served.getsockname()):
            self.listener.keep(silent.getsockname(), 60)
            self.listener.sweep()
            self.assertTrue(self.is_open(silent))
            self.listener.keep(silent.getsockname(), -1)
            self.listener.keep(served.getsockname(), -1)
            self.listener.sweep()
            self.assertFalse(self.is_open(silent))
            self.assertTrue(self.is_open(served))

    def test_who_has_not_begun_may_be_hurried(self):
        begun, idle = self.connect(), self.connect()
        self.listener.keep(begun.getsockname(), 60)
        self.listener.sweep(-1)
        self.listener.sweep(-1)
        self.assertTrue(self.is_open(begun))
        self.assertFalse(self.is_open(idle))

    def test_it_leaves_descriptors_to_others(self):
        self.assertIn(listener.most(), range(1, 513))
