# SPDX-License-Identifier: Apache-2.0
"""For whom a thread works, as its lines in the log tell."""

import logging
import threading

from oslo_log import formatters

from reposync import context
from tests.unit import base


class ContextTest(base.TestCase):
    """A thread that works on one operation after the other."""

    def line(self):
        """Give what oslo.log writes for a message of this thread."""
        record = logging.LogRecord("n", logging.INFO, "", 0, "said", (), None)
        return formatters.ContextFormatter(config=self.conf).format(record)

    def enter(self, **options):
        self.addCleanup(context.leave)
        return context.enter(
            "5f3c",
            request_id="req-1",
            project_id="project-1",
            user_id="user-1",
            **options,
        )

    def test_a_line_names_operation_and_request(self):
        self.enter()
        self.assertIn("[operation 5f3c] said", self.line())
        self.assertIn("req-1", self.line())

    def test_who_works_for_nobody_is_as_one_that_never_worked(self):
        lines = []
        thread = threading.Thread(target=lambda: lines.append(self.line()))
        thread.start()
        thread.join()
        self.enter(check=self.fail)
        context.leave()
        lines.append(self.line())
        # Times differ.
        never, left = (line.partition("INFO")[2] for line in lines)
        self.assertEqual(never, left)
        self.assertIsNone(context.checker())
