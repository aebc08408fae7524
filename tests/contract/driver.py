# SPDX-License-Identifier: Apache-2.0
"""What every driver must do, whatever its catalogue."""

import dataclasses
import threading

from reposync import exception
from reposync import filters
from reposync import reference as ref
from tests.fixtures import deployment
from tests.fixtures import memory

PLATFORM = "linux/amd64"
EVERYTHING = filters.ImageFilter()


class Failure(Exception):
    """Stands for anything that ends a copy from outside."""


class DriverCase:
    """Updates images and looks at them; the user makes ``self.driver``.

    ``pattern`` finds the images of ``self.reference`` by name; a class
    whose catalogue has other names sets another one.
    """

    def setUp(self):
        super().setUp()
        self.source = memory.MemorySource(self.conf)
        name = deployment.unique("host:5000/team/app")
        self.reference = ref.Reference.parse(f"{name}:1.0")
        self.pattern = self.reference.name
        self.committed = []

    def update(self, content, reference=None, commit=None, driver=None):
        reference = reference or self.reference
        self.source.push(str(reference), content)
        resolved = self.source.resolve(reference, PLATFORM)
        return (driver or self.driver).image_updated(
            reference,
            resolved,
            self.source.archive(resolved, lambda *progress: None),
            commit
            if isinstance(commit, memory.Commit)
            else memory.Commit(commit or self.committed.append),
        )

    def listed(self, name=None, kind=None):
        image_filter = filters.ImageFilter(name or self.pattern, kind)
        return list(self.driver.images(image_filter))

    def current(self):
        [image] = self.listed()
        return image


class DriverContract(DriverCase):
    """Tests; the class that uses them makes ``self.driver``.

    It also gives ``left_overs()``, the number of things in the catalogue
    that belong to ``self.reference`` and are not the current image, and
    ``make_vm_image(name)``, which returns the id of a disk image.

    :cvar ways_to_tell: of sources: before the archive is opened, and by it
    """

    ways_to_tell = (True, False)

    def test_images_are_found_by_tag_and_by_digest(self):
        one, _ = self.update(b"one")
        other = dataclasses.replace(self.reference, tag="2.0")
        two, _ = self.update(b"one", other)
        self.update(b"other", dataclasses.replace(other, tag="3.0"))
        digest = dataclasses.replace(other, tag=None, digest=one.docker_digest)
        for reference, expected in (
            (self.reference, {one.id}),
            (other, {two.id}),
            (digest, {one.id, two.id}),
            (dataclasses.replace(other, tag="4.0"), set()),
            (dataclasses.replace(digest, digest="sha256:" + "0" * 64), set()),
            (dataclasses.replace(digest, repository="other/app"), set()),
        ):
            found = {image.id for image in self.driver.find(reference)}
            self.assertEqual(expected, found, reference)
        self.driver.delete(two.id)
        self.assertEqual([], self.driver.find(other))

    def test_new(self):
        image, outcome = self.update(b"one")
        self.assertEqual("created", outcome)
        self.assertEqual([image.id], [each.id for each in self.committed])
        self.assertEqual(
            ("docker", self.reference.name, "1.0", 3, "active"),
            (
                image.type,
                image.docker_name,
                image.docker_tag,
                image.size,
                image.status,
            ),
        )
        resolved = self.source.resolve(self.reference, PLATFORM)
        self.assertEqual(resolved.digest, image.docker_digest)
        self.assertTrue(image.docker_id.startswith("sha256:"))
        self.assertEqual(image.id, self.current().id)
        self.assertEqual(image.id, self.driver.image(image.id).id)
        self.assertEqual(b"one", self.stored(image.id))

    def test_unchanged_does_not_open_the_archive(self):
        first, _ = self.update(b"one")
        opened = self.source.opened
        second, outcome = self.update(b"one")
        self.assertEqual(("unchanged", first.id), (outcome, second.id))
        self.assertEqual(opened, self.source.opened)
        self.assertEqual(1, len(self.committed))

    def test_changed_replaces(self):
        first, _ = self.update(b"one")
        second, outcome = self.update(b"two")
        self.assertEqual("updated", outcome)
        self.assertNotEqual(first.id, second.id)
        self.assertEqual(second.id, self.current().id)
        self.assertEqual(0, self.left_overs())
        self.assertRaises(exception.ImageNotFound, self.driver.image, first.id)

    def test_a_tag_that_moves_to_the_same_image(self):
        # An index with one more platform, one with a signature, the manifest
        # alone again, and another manifest with the same configuration.
        for tell_more in self.ways_to_tell:
            self.source.tell_more = tell_more
            name = dataclasses.replace(self.reference, tag=f"t{tell_more}")
            first, _ = self.update(b"one", name)
            indexes, written = self.source.indexes, []
            self.source.on_piece = written.append
            for index in ("sha256:" + "a" * 64, "sha256:" + "b" * 64, None):
                indexes[str(name)] = index or first.docker_digest
                self.holds(name, first, b"one")
            self.source.configs[str(name)] = first.docker_id
            indexes.clear()
            self.holds(name, first, b"eno")
            self.assertEqual([], written)
            self.source.on_piece = lambda number: None
            self.source.configs.clear()

    def holds(self, name, first, content):
        """Update a name whose image is the same; only its digest is not."""
        opened = self.source.opened
        image, outcome = self.update(content, name)
        self.assertEqual(("unchanged", first.id), (outcome, image.id))
        resolved = self.source.resolve(name, PLATFORM)
        shown = self.driver.image(first.id)
        for each in (image, shown):
            self.assertEqual(resolved.digest, each.docker_digest)
        self.assertEqual(first.docker_id, shown.docker_id)
        self.assertEqual(b"one", self.stored(first.id))
        if self.source.tell_more:
            self.assertEqual(opened, self.source.opened)
        # The next one needs to know nothing more.
        opened = self.source.opened
        self.update(content, name)
        self.assertEqual(opened, self.source.opened)

    def test_a_tag_that_moves_to_another_image(self):
        for tell_more in (True, False):
            self.source.tell_more = tell_more
            name = dataclasses.replace(self.reference, tag=f"t{tell_more}")
            self.source.indexes[str(name)] = "sha256:" + "a" * 64
            first, _ = self.update(b"one", name)
            self.source.indexes[str(name)] = "sha256:" + "b" * 64
            second, outcome = self.update(b"two", name)
            self.assertEqual("updated", outcome)
            self.assertNotEqual(first.id, second.id)
            self.assertEqual(b"two", self.stored(second.id))

    def test_there_is_never_no_image(self):
        self.update(b"one")
        stop, seen = threading.Event(), []

        def watch():
            while not stop.is_set():
                seen.append(len(self.listed()))

        watcher = threading.Thread(target=watch)
        watcher.start()
        self.addCleanup(watcher.join)
        self.addCleanup(stop.set)
        for content in (b"two", b"three", b"four"):
            self.update(content)
        stop.set()
        watcher.join(30)
        self.assertTrue(seen)
        self.assertEqual([], [number for number in seen if number < 1])

    def test_tags_are_apart(self):
        other = ref.Reference.parse(f"{self.reference.name}:2.0")
        first, _ = self.update(b"one")
        second, outcome = self.update(b"two", other)
        self.assertEqual("created", outcome)
        self.assertEqual(
            {first.id, second.id}, {image.id for image in self.listed()}
        )

    def test_a_copy_that_fails_leaves_the_old_image_alone(self):
        def fail(number):
            if number == 2:
                raise Failure

        for old in (None, self.update(b"one")[0]):
            self.source.on_piece = fail
            self.assertRaises(Failure, self.update, b"broken")
            self.source.on_piece = lambda number: None
            self.assertEqual(
                [old.id] if old else [self.current().id],
                [image.id for image in self.listed()],
            )
            self.assertEqual(0, self.left_overs())

    def test_a_first_copy_that_fails_leaves_nothing(self):
        def fail(number):
            raise exception.ArchiveDamaged("cut short")

        self.source.on_piece = fail
        self.assertRaises(exception.ArchiveDamaged, self.update, b"broken")
        self.assertEqual([], self.listed())
        self.assertEqual(0, self.left_overs())

    def test_a_commit_that_is_refused_leaves_the_old_image_alone(self):
        old, _ = self.update(b"one")

        def refuse(image):
            raise exception.LeaseLost("not ours")

        self.assertRaises(
            exception.LeaseLost, self.update, b"two", commit=refuse
        )
        self.assertEqual(old.id, self.current().id)
        self.assertEqual(0, self.left_overs())

    def test_the_old_image_stands_until_the_commit(self):
        old, _ = self.update(b"one")
        seen = []
        self.update(b"two", commit=lambda image: seen.extend(self.listed()))
        self.assertEqual([old.id], [image.id for image in seen])

    def test_previous_images_are_kept_hidden(self):
        driver = self.make_driver(keep_previous=2)
        for content in (b"1", b"2", b"3", b"4"):
            newest, _ = self.update(content, driver=driver)
        self.assertEqual(newest.id, self.current().id)
        self.assertEqual(2, self.left_overs())

    def test_delete(self):
        image, _ = self.update(b"one")
        self.driver.delete(image.id)
        self.assertEqual([], self.listed())
        for call in (self.driver.delete, self.driver.image):
            self.assertRaises(exception.ImageNotFound, call, image.id)
        _, outcome = self.update(b"one")
        self.assertEqual("created", outcome)

    def test_ids_that_are_none(self):
        for image_id in (
            "nothing",
            "..",
            "../../etc",
            "",
            "x" * 300,
            "a/b",
            "6f0f4ca2-0000-4000-8000-000000000000",
            "ü",
        ):
            for call in (self.driver.delete, self.driver.image):
                self.assertRaises(exception.ImageNotFound, call, image_id)

    def test_disk_images_are_listed_and_left_alone(self):
        name = deployment.unique("disk")
        image_id = self.make_vm_image(name)
        [found] = self.listed(name)
        self.assertEqual(("vm", image_id), (found.type, found.id))
        self.assertEqual([], self.listed(name, "docker"))
        self.assertEqual(1, len(self.listed(name, "vm")))
        self.assertRaises(
            exception.ImageNotManaged, self.driver.delete, image_id
        )

    def test_lists_go_on_after_a_marker(self):
        made = [
            self.update(
                b"x", ref.Reference.parse(f"{self.reference.name}:{n}")
            )[0].id
            for n in range(3)
        ]
        image_filter = filters.ImageFilter(self.pattern)
        seen, marker = [], None
        while True:
            page = next(iter(self.driver.images(image_filter, marker)), None)
            if page is None:
                break
            seen.append(page.id)
            marker = page.id
        self.assertEqual(made[::-1], seen)
        unknown = self.driver.images(
            image_filter, "6f0f4ca2-0000-4000-8000-000000000000"
        )
        self.assertRaises(exception.ImageNotFound, list, unknown)

    def test_labels_are_shown_and_harmless(self):
        prefix = "eu.indigo-datacloud."
        self.source.labels = {
            f"{prefix}type": "linux",
            f"{prefix}architecture": "x86_64",
            f"{prefix}distribution": "d" * 5000,
            f"{prefix}version": "\U0001f600\x00 12",
            "x" * 5000: "y" * 500_000,
        } | {f"label{n}": "x" for n in range(500)}
        image, _ = self.update(b"one")
        self.assertEqual(("linux", "x86_64"), (image.os, image.architecture))
        self.assertIn("12", image.version)

    def test_the_architecture_is_a_clouds_word(self):
        self.source.labels = {}
        image, _ = self.update(b"one")
        self.assertEqual("x86_64", image.architecture)
        label = "eu.indigo-datacloud.architecture"
        for text, expected in (("AMD64", "x86_64"), ("my own", "my own")):
            self.source.labels = {label: text}
            image, _ = self.update(text.encode())
            self.assertEqual(expected, image.architecture)
            self.assertEqual(
                expected, self.driver.image(image.id).architecture
            )

    def test_a_read_only_body_of_unknown_length(self):
        self.source.tell_size = False
        image, _ = self.update(b"some bytes")
        self.assertEqual(b"some bytes", self.stored(image.id))
