# SPDX-License-Identifier: Apache-2.0
"""The name of a deployment, and its conductors' signs of life."""

from oslo_utils import uuidutils
import sqlalchemy as sa

from reposync.db import conductors
from reposync.db import deployment
from reposync.db import models


class DeploymentContract:
    """A test with ``self.db``."""

    def test_a_deployment_has_a_name(self):
        name = deployment.identity(self.db)
        self.assertTrue(uuidutils.is_uuid_like(name))
        self.assertEqual(name, deployment.identity(self.db))

    def test_a_copy_is_given_another_name(self):
        name = deployment.identity(self.db)
        other = deployment.renew(self.db)
        self.assertNotEqual(name, other)
        self.assertEqual(other, deployment.identity(self.db))

    def test_a_name_that_is_missing_is_made(self):
        self.db.write(
            lambda session: session.execute(sa.delete(models.Deployment))
        )
        name = deployment.identity(self.db)
        self.assertEqual(name, deployment.identity(self.db))

    def test_no_conductor_was_ever_there(self):
        self.assertEqual([], conductors.known(self.db))
        self.assertIn("ever", conductors.silence([]))

    def test_a_conductor_gives_signs_of_life(self):
        for problems in ({}, {"The catalogue": "It refuses"}):
            conductors.beat(self.db, "a:1", "a", problems)
            [found] = conductors.known(self.db)
            self.assertTrue(found.alive)
            self.assertEqual("a", found.host)
            self.assertEqual(problems, found.problems)

    def test_a_conductor_stops(self):
        for name in ("a:1", "a:2"):
            conductors.beat(self.db, name, "a", {})
        conductors.stop(self.db, "a:1")
        alive = [each.alive for each in conductors.known(self.db)]
        self.assertEqual([False, True], sorted(alive))
        conductors.stop(self.db, "a:2")
        found = conductors.known(self.db)
        self.assertIn("the last one stopped", conductors.silence(found))

    def silent(self, seconds):
        past = sa.update(models.Conductor).values(
            seen_at=models.Conductor.seen_at - seconds * 1000
        )
        self.db.write(lambda session: session.execute(past))

    def test_a_conductor_is_silent(self):
        conductors.beat(self.db, "a:1", "a", {})
        self.silent(100)
        [found] = conductors.known(self.db)
        self.assertFalse(found.alive)
        self.assertIn(
            "last sign of life 100 s ago", conductors.silence([found])
        )
        conductors.beat(self.db, "a:1", "a", {})
        [found] = conductors.known(self.db)
        self.assertTrue(found.alive)

    def test_conductors_of_long_ago_are_forgotten(self):
        conductors.beat(self.db, "a:1", "a", {})
        self.silent(8 * 24 * 3600)
        conductors.beat(self.db, "b:1", "b", {})
        [found] = conductors.known(self.db)
        self.assertEqual("b", found.host)
