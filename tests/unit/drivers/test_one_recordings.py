# SPDX-License-Identifier: Apache-2.0
"""The simulated front end, judged by what a real one answered."""

import testtools

from tests.fixtures import one_server


class RecordingsTest(testtools.TestCase):
    """OpenNebula 6.8.0 is the judge."""

    def test_every_answer_is_the_recorded_one(self):
        server = self.useFixture(one_server.OneServer())
        server.cloud.registered = 1795442117
        names = one_server.names()
        self.assertEqual(23, len(names))
        for name in names:
            answer = server.respond(one_server.recorded(name, "request"))
            expected = one_server.recorded(name, "response")
            self.assertEqual(expected.decode(), answer.decode(), name)
