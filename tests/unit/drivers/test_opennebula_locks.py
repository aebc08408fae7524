# SPDX-License-Identifier: Apache-2.0
"""Images that OpenNebula copies, and images that somebody has locked."""

import testscenarios

from reposync import exception
from tests.contract import driver as contract
from tests.fixtures import one_cloud
from tests.fixtures import one_server
from tests.unit.drivers import one_base

NEVER = 10**9


class CopiedTest(testscenarios.WithScenarios, one_base.RefusalCase):
    """An image that is still being copied (LOCKED) cannot be deleted."""

    scenarios = testscenarios.multiply_scenarios(
        [
            ("6.4", {"version": "6.4.0"}),
            ("6.8", {"version": "6.8.3"}),
            ("7.4", {"version": "7.4.0"}),
        ],
        [("docker", {"mode": "docker"}), ("file", {"mode": "file"})],
    )

    def setUp(self):
        super().setUp()
        self.one.version = self.version
        self.use_account()

    def unfinished(self):
        """Leave an image that OpenNebula goes on copying."""
        self.cloud.ticks = NEVER
        self.driver = self.make_driver(ready_timeout=1)
        error = self.assertRaises(
            exception.CatalogueUnavailable, self.update, b"new"
        )
        self.assertIn("within 1 s", error.message)
        self.assertTrue(error.retryable)
        self.cloud.ticks = 2
        [left] = [i for i in self.all_images() if ".new-" in i.name]
        return left

    def test_it_is_removed_when_it_is_copied(self):
        old, _ = self.update(b"old")
        left = self.unfinished()
        for call in (self.driver.discard, self.driver.delete):
            error = self.assertRaises(exception.ImageBusy, call, str(left.id))
            self.assertTrue(error.retryable)
            self.assertIn("copies", error.message)
            self.assertNotIn("unlock", error.message)
        self.assertEqual(old.id, self.current().id)
        self.cloud.hurry()
        self.assertTrue(self.driver.discard(str(left.id)))
        self.assertEqual([int(old.id)], [i.id for i in self.all_images()])

    def test_it_is_in_nobodys_way(self):
        left = self.unfinished()
        image, outcome = self.update(b"other")
        self.assertEqual("created", outcome)
        self.assertEqual(image.id, self.current().id)
        # It is not in order as long as there is something to remove.
        self.assertEqual({}, self.driver.current(contract.PLATFORM))
        self.assertIn(left.id, self.cloud.images)
        self.cloud.hurry()
        self.update(b"other")
        self.assertEqual([image.id], [str(i.id) for i in self.all_images()])

    def test_one_that_is_copied_meanwhile_goes_with_the_update(self):
        left = self.unfinished()
        begun = []

        def hurry():
            if not begun and len(self.cloud.images) == 2:
                begun.append(self.cloud.hurry())

        self.one.after = hurry
        image, _ = self.update(b"other")
        self.assertNotEqual(int(image.id), left.id)
        self.assertEqual([image.id], [str(i.id) for i in self.all_images()])

    def test_a_front_end_that_died_in_mid_copy(self):
        left = self.unfinished()
        left.registered -= 7 * 3600
        for _ in range(2):
            error = self.assertRaises(
                exception.ImageBusy, self.driver.discard, str(left.id)
            )
        hint = f"oneimage delete --force {left.id}"
        self.assertIn(hint, error.message)
        self.assertEqual(1, self.log.output.count(hint))


class LockTest(testscenarios.WithScenarios, one_base.RefusalCase):
    """``oneimage lock``, for accounts and for administrators."""

    scenarios = testscenarios.multiply_scenarios(
        [("account", {"groups": (1,)}), ("oneadmin", {"groups": (0,)})],
        [("docker", {"mode": "docker"}), ("file", {"mode": "file"})],
        [("use", {"level": 1}), ("manage", {"level": 2})],
    )

    def setUp(self):
        super().setUp()
        self.use_account(*self.groups)
        self.image, _ = self.update(b"one")
        self.made = self.cloud.images[int(self.image.id)]
        self.made.locked = self.level

    def test_nothing_is_fetched_for_a_locked_image(self):
        self.one.calls.clear()
        opened = self.source.opened
        error = self.refused(exception.ImageProtected, "oneimage unlock")
        self.assertFalse(error.retryable)
        self.assertNotIn("one.image.allocate", self.one.calls)
        self.assertEqual(opened, self.source.opened)
        self.made.locked = 0
        self.assertEqual("updated", self.update(b"two")[1])

    def test_it_is_not_deleted(self):
        error = self.assertRaises(
            exception.ImageProtected, self.driver.delete, self.image.id
        )
        self.assertIn(f"oneimage unlock {self.image.id}", error.message)
        self.assertEqual(self.image.id, self.current().id)

    def test_one_that_holds_what_it_shall_is_in_order(self):
        self.assertEqual("unchanged", self.update(b"one")[1])
        self.assertEqual(1, len(self.driver.current(contract.PLATFORM)))

    def test_a_lock_that_comes_in_between(self):
        self.made.locked = 0

        def lock(image):
            self.made.locked = self.level

        error = self.assertRaises(
            exception.ImageProtected, self.update, b"two", commit=lock
        )
        self.assertIn("oneimage unlock", error.message)
        self.assertEqual(self.image.id, self.current().id)
        self.assertEqual(self.name, self.made.name)

    def test_a_former_image_that_is_locked_stays(self):
        self.made.locked = 0
        self.made.machines, self.made.state = [3], one_cloud.USED
        new, _ = self.update(b"two")
        self.made.locked = self.level
        self.made.machines, self.made.state = [], one_cloud.READY
        self.assertEqual(1, len(self.driver.current(contract.PLATFORM)))
        self.update(b"two")
        self.assertIn(self.made.id, self.cloud.images)
        self.made.locked = 0
        self.update(b"two")
        self.assertEqual([new.id], [str(i.id) for i in self.all_images()])


class LevelTest(one_base.OpenNebulaCase):
    """A lock against administration is none for the service."""

    def test_admin(self):
        self.use_account()
        image, _ = self.update(b"one")
        self.cloud.images[int(image.id)].locked = 3
        self.assertEqual("updated", self.update(b"two")[1])


class StateTest(one_base.OpenNebulaCase):
    """States of a current image other than READY."""

    def state(self, state):
        image, _ = self.update(b"one")
        self.cloud.images[int(image.id)].state = state
        return image

    def test_a_disabled_image_stays_disabled(self):
        image = self.state(one_cloud.DISABLED)
        self.assertEqual(1, len(self.driver.current(contract.PLATFORM)))
        same, outcome = self.update(b"one")
        self.assertEqual(("unchanged", image.id), (outcome, same.id))
        self.assertEqual("disabled", self.current().status)
        new, outcome = self.update(b"two")
        self.assertEqual(("updated", "active"), (outcome, new.status))

    def test_a_disabled_image_stays_when_only_the_index_moves(self):
        for tell_more in (True, False):
            self.source.tell_more = tell_more
            image = self.state(one_cloud.DISABLED)
            index = "sha256:" + "ab"[tell_more] * 64
            self.source.indexes[str(self.reference)] = index
            same, outcome = self.update(b"one")
            self.assertEqual(("unchanged", image.id), (outcome, same.id))
            self.assertEqual(index, same.docker_digest)

    def test_one_that_opennebula_works_on_is_waited_for(self):
        for state in (4, 6, 9, 10):
            image = self.state(state)
            same, outcome = self.update(b"one")
            self.assertEqual(("unchanged", image.id), (outcome, same.id))

    def test_one_in_error_is_made_anew(self):
        image = self.state(one_cloud.ERROR)
        new, outcome = self.update(b"one")
        self.assertEqual("updated", outcome)
        self.assertNotEqual(image.id, new.id)

    def test_one_that_was_made_while_multicall_is_unknown(self):
        self.one.multicall = False
        image = self.state(one_cloud.READY)
        self.cloud.images[int(image.id)].locked = 1
        self.assertRaises(exception.ImageProtected, self.update, b"two")

    def test_faults_in_one_request(self):
        self.update(b"one")
        kept = one_server._METHODS.pop("one.image.rename")
        self.addCleanup(
            one_server._METHODS.__setitem__, "one.image.rename", kept
        )
        self.assertRaises(exception.CatalogueUnsuitable, self.update, b"two")
