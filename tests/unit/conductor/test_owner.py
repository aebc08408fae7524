# SPDX-License-Identifier: Apache-2.0
"""Names that tell whether their bearer is alive."""

import os
import subprocess
import sys

from reposync.conductor.upkeep import liveness
from tests.unit import base

_SAY = (
    "import reposync.conductor.upkeep.liveness as it; print(it.make('here'))"
)


class OwnerTest(base.TestCase):
    """What can be known for certain, and what cannot."""

    def test_a_living_process_is_not_dead(self):
        name = liveness.make("here")
        self.assertEqual("here:", liveness.host_of(name))
        self.assertNotEqual(name, liveness.make("here"))
        self.assertFalse(liveness.is_dead(f"{name}:worker-0"))

    def test_a_process_that_has_ended_is_dead(self):
        done = subprocess.run(
            [sys.executable, "-c", _SAY],
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertTrue(liveness.is_dead(f"{done.stdout.strip()}:worker-0"))

    def test_another_process_with_the_same_number_is_another(self):
        host, boot, namespace, pid, begun, rest = liveness.make("here").split(
            ":"
        )
        self.assertEqual(str(os.getpid()), pid)
        before = str(int(begun) - 1)
        name = ":".join((host, boot, namespace, pid, before, rest))
        self.assertTrue(liveness.is_dead(name))

    def test_what_is_elsewhere_cannot_be_known(self):
        host, boot, namespace, _, begun, rest = liveness.make("here").split(
            ":"
        )
        gone = "4194305"
        for parts in (
            (host, "other", namespace, gone, begun, rest),
            (host, boot, "1", gone, begun, rest),
            (host, boot, namespace, gone, "", rest),
            (host, gone, rest),
        ):
            self.assertFalse(liveness.is_dead(":".join(parts)), parts)
