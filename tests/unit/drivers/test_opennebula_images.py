# SPDX-License-Identifier: Apache-2.0
"""Lists, sharing, and images that stay, of the OpenNebula driver."""

import dataclasses

from reposync import exception
from reposync import filters
from reposync import reference as ref
from tests.contract import driver as contract
from tests.fixtures import one_cloud
from tests.unit.drivers import one_base


class ListTest(one_base.OpenNebulaCase):
    """Lists of many images, while they change."""

    mode = "docker"

    def fill(self, number):
        """Make images; their ids in the order of a list."""
        self.update(b"one")
        [made] = self.all_images()
        for n in range(number - 1):
            self.cloud.images[n + 100] = dataclasses.replace(
                made, id=n + 100, name=f"image {n}"
            )
        return sorted(self.cloud.images, reverse=True)

    def ids(self, *args):
        found = self.driver.images(contract.EVERYTHING, *args)
        return [int(image.id) for image in found]

    def test_ten_thousand(self):
        expected = self.fill(10_000)
        self.one.calls.clear()
        self.assertEqual(expected, self.ids())
        self.assertLess(len(self.one.calls), 30)

    def test_a_list_comes_piece_by_piece(self):
        self.fill(2000)
        self.one.calls.clear()
        next(iter(self.driver.images(contract.EVERYTHING)))
        self.assertEqual(["one.imagepool.info"], self.one.calls)

    def test_images_that_go_hide_no_others(self):
        expected = self.fill(3000)
        gone = set(expected[100:400])

        def remove():
            for number in gone:
                self.cloud.images.pop(number, None)

        found = []
        for image in self.driver.images(contract.EVERYTHING):
            found.append(int(image.id))
            remove()
        self.assertEqual(set(expected) - gone, set(found) - gone)
        self.assertEqual(len(found), len(set(found)))

    def test_images_that_come_show_none_twice(self):
        expected = self.fill(3000)
        [made] = [i for i in self.cloud.images.values() if i.id == 100]
        found = []
        for image in self.driver.images(contract.EVERYTHING):
            if not found:
                for number in range(90_000, 90_700):
                    self.cloud.images[number] = dataclasses.replace(
                        made, id=number
                    )
            found.append(int(image.id))
        self.assertEqual(expected, found)

    def test_a_front_end_that_lists_the_oldest_first(self):
        expected = self.fill(1200)
        self.cloud.newest_first = False
        self.assertEqual(expected, self.ids())
        self.assertEqual(expected[700:], self.ids(str(expected[699])))

    def test_rights_decide_what_is_listed(self):
        mine, _ = self.update(b"one")
        user = one_cloud.User(
            7, "reposync", "opennebulapass", self.cloud.groups[1]
        )
        self.cloud.users.append(user)
        for number, mode, group in ((50, "600", 0), (51, "604", 0)):
            self.cloud.images[number] = dataclasses.replace(
                self.cloud.images[int(mine.id)],
                id=number,
                name=str(number),
                mode=mode,
                group=self.cloud.groups[group],
            )
        self.cloud.images[52] = dataclasses.replace(
            self.cloud.images[50], id=52, mode="640", group=user.group
        )
        self.cloud.images[53] = dataclasses.replace(
            self.cloud.images[50], id=53, user=user
        )
        for pool, expected in (
            ("all", [53, 52, 51]),
            ("mine", [53]),
            ("group", [52]),
            ("groups", [53, 52]),
        ):
            self.driver = self.make_driver(pool=pool, user="reposync")
            self.assertEqual(expected, self.ids(), pool)

    def test_images_of_the_seed(self):
        text = (
            'NAME="{}"\nPATH="docker://{}:1.0"\nDOCKER_ID="sha256:1"\n'
            'DOCKER_NAME="{}"\nDOCKER_TAG="1.0"\n'
        ).format("seed", self.reference.name, self.reference.name)
        self.cloud.allocate(self.cloud.oneadmin, text, 100)
        self.cloud.registry = lambda name: b"by the seed"
        [seed] = self.driver.images(contract.EVERYTHING)
        self.assertEqual(("docker", "sha256:1"), (seed.type, seed.docker_id))
        self.assertEqual({}, self.driver.current(contract.PLATFORM))
        _, outcome = self.update(b"one")
        self.assertEqual("updated", outcome)
        self.assertEqual([self.name], [i.name for i in self.all_images()])


class InOrderTest(one_base.OpenNebulaCase):
    """What a synchronisation may leave alone."""

    mode = "docker"

    def keys(self, platform=contract.PLATFORM):
        return list(self.driver.current(platform))

    def test_what_is_in_order(self):
        image, _ = self.update(b"one")
        found = self.driver.current(contract.PLATFORM)
        self.assertEqual({str(self.reference): image}, dict(found))
        self.assertEqual([], self.keys("linux/arm64"))

    def test_what_is_not(self):
        image, _ = self.update(b"one")
        made = self.cloud.images[int(image.id)]
        half = dataclasses.replace(
            made, id=90, name="half", template=dict(made.template)
        )
        half.template["REPOSYNC_STAGE"] = "new"
        self.cloud.images[90] = half
        self.assertEqual([], self.keys())
        half.state = one_cloud.DELETE
        self.assertEqual([str(self.reference)], self.keys())
        del self.cloud.images[90]
        made.template["DOCKER_NAME"] = "None:"
        self.assertEqual([], self.keys())

    def test_an_image_in_use_is_kept_until_it_is_free(self):
        first, _ = self.update(b"one")
        used = self.cloud.images[int(first.id)]
        used.machines, used.state = [12], one_cloud.USED
        self.assertRaises(exception.ImageInUse, self.driver.delete, first.id)
        second, _ = self.update(b"two")
        self.assertEqual(second.id, self.current().id)
        self.assertEqual(
            (f"{self.name}.old-{first.id}", "old"),
            (used.name, used.template["REPOSYNC_STAGE"]),
        )
        # It is used, so there is nothing to come back for.
        self.assertEqual([str(self.reference)], self.keys())
        used.machines, used.state = [], one_cloud.READY
        self.assertEqual([], self.keys())
        _, outcome = self.update(b"two")
        self.assertEqual("unchanged", outcome)
        self.assertEqual([second.id], [str(i.id) for i in self.all_images()])


class SharingTest(one_base.OpenNebulaCase):
    """Groups and rights."""

    def shared(self, image):
        found = self.cloud.images[int(image.id)]
        return found.group.name, found.mode

    def test_group_and_mode(self):
        image, _ = self.update(b"one")
        self.assertEqual(("oneadmin", "600"), self.shared(image))
        self.driver = self.make_driver(group="users", mode="640")
        self.assertEqual({}, self.driver.current(contract.PLATFORM))
        same, outcome = self.update(b"one")
        self.assertEqual(("unchanged", image.id), (outcome, same.id))
        self.assertEqual(("users", "640"), self.shared(image))
        self.assertEqual(1, len(self.driver.current(contract.PLATFORM)))
        self.one.calls.clear()
        self.update(b"one")
        self.assertEqual([], [c for c in self.one.calls if "ch" in c])

    def test_a_new_image_is_shared_before_it_is_shown(self):
        self.update(b"one")
        self.driver = self.make_driver(group="1", mode="644")
        self.one.calls.clear()
        image, _ = self.update(b"two")
        names = [call.rpartition(".")[2] for call in self.one.calls]
        self.assertEqual(("users", "644"), self.shared(image))
        self.assertLess(names.index("chown"), names.index("rename"))

    def test_single_images(self):
        name = self.reference.name
        self.driver = self.make_driver(
            mode="644", share=[f"{name}:2.0 users 640", f"{name}:3.0 users"]
        )
        for tag, expected in (
            ("1.0", ("oneadmin", "644")),
            ("2.0", ("users", "640")),
            ("3.0", ("users", "600")),
        ):
            reference = ref.Reference.parse(f"{name}:{tag}")
            image, _ = self.update(b"one", reference)
            self.assertEqual(expected, self.shared(image))

    def test_lines_that_cannot_be_understood(self):
        for line in ("", "app", "app users 99", "app users 640 x", "A:b:c g"):
            self.assertRaises(
                exception.InvalidReference, self.make_driver, share=[line]
            )

    def test_a_group_that_is_not_there(self):
        old, _ = self.update(b"one")
        self.driver = self.make_driver(group="nobody")
        error = self.assertRaises(
            exception.CatalogueUnsuitable, self.update, b"two"
        )
        self.assertIn("oneadmin, users", error.message)
        self.assertEqual(old.id, self.current().id)
        self.assertEqual(1, len(self.all_images()))


class HandOverTest(one_base.OpenNebulaCase):
    """Archives on their way to the front end."""

    def test_the_archive_is_there_until_the_image_is_ready(self):
        seen = []
        self.one.after = lambda: seen.append(
            [path.stat().st_mode & 0o777 for path in self.outbox.glob("*")]
        )
        self.update(b"one")
        self.assertIn([0o644], seen)
        self.assertEqual([], list(self.outbox.iterdir()))

    def test_the_front_end_may_see_another_path(self):
        self.driver = self.make_driver(path_prefix="http://files/one/")
        self.cloud._read = lambda path: path.encode()
        self.cloud._size = lambda path: "1024"
        image, _ = self.update(b"one")
        path = self.stored(image.id).decode()
        self.assertRegex(path, r"^http://files/one/reposync-[0-9a-f-]+\.tar$")

    def test_the_front_end_can_compare(self):
        image, _ = self.update(b"abc")
        found = self.cloud.images[int(image.id)].template["SHA1"]
        self.assertEqual("a9993e364706816aba3e25717850c26c9cd0d89d", found)

    def test_what_a_dead_process_left_is_removed(self):
        self.outbox.mkdir()
        (self.outbox / "reposync-dead.tar").write_bytes(b"half")
        (self.outbox / "notes.tar").write_bytes(b"mine")
        self.update(b"one")
        self.assertEqual(
            ["notes.tar"], [path.name for path in self.outbox.iterdir()]
        )

    def test_what_another_process_writes_is_left_alone(self):
        with self.driver._maker._outbox.parcel():
            self.update(b"one")
            self.assertEqual(1, len(list(self.outbox.iterdir())))


class CheckTest(one_base.OpenNebulaCase):
    """What the operator hears at the start."""

    def said(self, **options):
        self.make_driver(**options).check()
        return self.log.output

    def test_docker_paths_of_new_versions(self):
        self.assertNotIn("docker://", self.said(path="docker"))
        self.one.version = "6.10.2"
        self.assertIn("docker://", self.said(path="docker"))

    def test_archives_that_would_be_unpacked(self):
        self.assertIn("NO_DECOMPRESS", self.said(path="file"))


class FilterTest(one_base.OpenNebulaCase):
    """Filters go by the name that OpenNebula shows."""

    def test_name_and_type(self):
        self.update(b"one")
        self.make_vm_image("Red Hat Linux")
        for name, kind, expected in (
            (self.name, None, [self.name]),
            ("Red.+", "vm", ["Red Hat Linux"]),
            (None, "docker", [self.name]),
        ):
            found = self.driver.images(filters.ImageFilter(name, kind))
            self.assertEqual(expected, [image.name for image in found])
