# SPDX-License-Identifier: Apache-2.0
"""The Glance driver on the lab's Glance."""

import functools

import fixtures

import lab
from reposync import exception
from reposync import filters
from reposync import reference as ref
from reposync.conf import glance as glance_conf
from reposync.drivers.glance import client as glance_client
from reposync.drivers.glance import driver as glance
from tests.contract import discard
from tests.contract import driver as contract
from tests.fixtures import cloud
from tests.functional import base


class GlanceTest(
    discard.DiscardContract, contract.DriverContract, base.TestCase
):
    """The contract, and what is particular."""

    def setUp(self):
        super().setUp()
        self.glance = cloud.Cloud(self.lab).glance
        self.path_to_conf = self.path / "glance.conf"
        self.driver = self.make_driver()
        self.addCleanup(self.forget)

    def make_driver(self, **options):
        values = {
            "auth_type": "password",
            "auth_url": self.lab["OS_AUTH_URL"],
            "username": self.lab["OS_USERNAME"],
            "password": self.lab["OS_PASSWORD"],
            "project_name": self.lab["OS_PROJECT_NAME"],
            "user_domain_name": "Default",
            "project_domain_name": "Default",
            "region_name": self.lab["OS_REGION_NAME"],
        } | options
        lines = "".join(f"{key} = {value}\n" for key, value in values.items())
        self.path_to_conf.write_text(f"[glance]\n{lines}")
        self.conf(
            [],
            project="reposync",
            default_config_files=[str(self.path_to_conf)],
        )
        self.addCleanup(self.forget_options)
        return glance.GlanceDriver(self.conf)

    def forget_options(self):
        """Drop what keystoneauth registers, or other tests would need it."""
        self.conf.reset()
        for option in glance_conf.LISTED:
            self.conf.unregister_opt(option, group="glance")

    def records(self):
        chosen = {"docker_name": self.reference.name}
        return [
            *self.glance.images(**chosen),
            *self.glance.images(**chosen, is_hidden=True),
        ]

    def forget(self):
        for record in self.records():
            if record.is_protected:
                self.glance.update_image(record, is_protected=False)
            self.glance.delete_image(record)

    def stored(self, image_id):
        return self.glance.download_image(image_id).content

    def left_overs(self):
        return len(self.records()) - len(self.listed())

    def make_vm_image(self, name):
        image = self.glance.create_image(
            name,
            allow_duplicates=True,
            container_format="bare",
            disk_format="raw",
            data=b"disk",
        )
        self.addCleanup(self.glance.delete_image, image)
        return image.id

    def test_check(self):
        self.driver.check()

    def test_a_catalogue_without_container_images(self):
        lab.Lab.load().up("glance-nodocker")
        driver = self.make_driver(
            endpoint_override=self.lab["LAB_GLANCE_NODOCKER_URL"]
        )
        for call in (driver.check, lambda: self.update(b"1", driver=driver)):
            error = self.assertRaises(exception.CatalogueUnsuitable, call)
            self.assertIn("container_formats", error.message)

    def test_a_catalogue_with_a_size_limit(self):
        lab.Lab.load().up("glance-quota")
        driver = self.make_driver(
            endpoint_override=self.lab["LAB_GLANCE_QUOTA_URL"]
        )
        for tell_size in (True, False):
            self.source.tell_size = tell_size
            self.source.piece = 65536
            self.assertRaises(
                exception.CatalogueQuotaExceeded,
                self.update,
                b"x" * (2 << 20),
                driver=driver,
            )
            self.assertEqual([], self.records())

    def test_a_catalogue_with_another_hash(self):
        lab.Lab.load().up("glance-sha256")
        driver = self.make_driver(
            endpoint_override=self.lab["LAB_GLANCE_SHA256_URL"]
        )
        for content in (b"one", b"two"):
            image, _ = self.update(content, driver=driver)
            self.assertEqual(content, self.stored(image.id))
            record = self.glance.get_image(image.id)
            self.assertEqual("sha256", record.hash_algo)
            self.assertEqual("sha256", driver._uploader._algorithm)

    def test_wrong_credentials(self):
        driver = self.make_driver(password="wrong-password")
        error = self.assertRaises(exception.CatalogueDenied, driver.image, "x")
        self.assertNotIn("wrong-password", error.message)

    def test_a_catalogue_that_is_away(self):
        driver = self.make_driver(endpoint_override="http://127.0.0.1:1")
        self.assertRaises(
            exception.CatalogueUnavailable, self.update, b"x", driver=driver
        )

    def test_a_token_that_is_refused_truncates_nothing(self):
        # To log in again and repeat the request would send only what is left
        # of the pieces.
        client = self.driver._glance
        self.driver.image(self.update(b"one")[0].id)
        session = client._connect().session
        access = session.auth.get_access(session)
        good = access.auth_token
        spoil = functools.partial(setattr, access, "_auth_token", "spoilt")
        client._renew_token = spoil
        self.assertRaises(
            exception.CatalogueUnavailable, self.update, b"abcdef"
        )
        access._auth_token = good
        self.assertEqual(b"one", self.stored(self.current().id))
        self.assertEqual(0, self.left_overs())
        self.driver = self.make_driver()
        image, outcome = self.update(b"abcdef")
        self.assertEqual("updated", outcome)
        self.assertEqual(b"abcdef", self.stored(image.id))

    def test_what_a_dead_attempt_left_is_removed(self):
        for status in ("queued", "active"):
            dead = self.glance.create_image(
                self.reference.name,
                allow_duplicates=True,
                container_format="docker",
                disk_format="raw",
                data=b"half" if status == "active" else None,
                meta={
                    "is_hidden": True,
                    "docker_name": self.reference.name,
                    "docker_tag": self.reference.tag,
                    "reposync": "1",
                },
            )
            self.assertTrue(dead.is_hidden)
        self.update(b"one")
        self.assertEqual(0, self.left_overs())

    def test_a_tag_that_goes_back_is_shown_again(self):
        self.driver = self.make_driver(keep_previous=1)
        first, _ = self.update(b"one")
        self.update(b"two")
        opened = self.source.opened
        third, outcome = self.update(b"one")
        self.assertEqual(("updated", first.id), (outcome, third.id))
        self.assertEqual(opened, self.source.opened)
        self.assertEqual(first.id, self.current().id)

    def test_an_image_of_java_reposync_is_adopted(self):
        old = self.glance.create_image(
            self.reference.name,
            allow_duplicates=True,
            container_format="docker",
            disk_format="raw",
            data=b"old",
            meta={
                "docker_id": "sha256:0",
                "docker_name": self.reference.name,
                "docker_tag": self.reference.tag,
            },
        )
        new, outcome = self.update(b"one")
        self.assertEqual("updated", outcome)
        self.assertNotEqual(old.id, new.id)
        self.assertEqual(new.id, self.current().id)
        self.assertEqual(0, self.left_overs())

    def test_an_image_of_somebody_else_is_not_touched(self):
        other = self.glance.create_image(
            self.reference.name,
            allow_duplicates=True,
            container_format="docker",
            disk_format="raw",
            data=b"theirs",
        )
        self.addCleanup(self.glance.delete_image, other)
        _, outcome = self.update(b"one")
        self.assertEqual("created", outcome)
        self.assertEqual(2, len(self.listed()))
        self.assertRaises(
            exception.ImageNotManaged, self.driver.delete, other.id
        )

    def test_sharing_is_kept_in_step(self):
        projects = ["a" * 32, "b" * 32, "c" * 32]
        for share, expected in (
            (f"{self.reference.name} {projects[0]} {projects[1]}", {0, 1}),
            (f"{self.reference} {projects[1]} {projects[2]}", {1, 2}),
            ("some/other:1.0 " + projects[0], set()),
        ):
            self.driver = self.make_driver(share=share)
            image, _ = self.update(b"one")
            found = {each.id for each in self.glance.members(image.id)}
            self.assertEqual({projects[n] for n in expected}, found)

    def test_protected_images_are_replaced_by_their_keeper_only(self):
        self.driver = self.make_driver(protected="true")
        first, _ = self.update(b"one")
        self.assertTrue(self.glance.get_image(first.id).is_protected)
        second, outcome = self.update(b"two")
        self.assertEqual("updated", outcome)
        self.assertEqual(0, self.left_overs())
        self.driver = self.make_driver(protected="false")
        self.assertRaises(
            exception.ImageProtected, self.driver.delete, second.id
        )
        third, _ = self.update(b"three")
        self.assertEqual(third.id, self.current().id)
        self.assertTrue(self.glance.get_image(second.id).is_hidden)

    def test_name_template_and_properties(self):
        driver = self.make_driver(
            name_template="{repository}-{tag}", properties="site:here"
        )
        image, _ = self.update(b"one", driver=driver)
        self.assertEqual(f"{self.reference.repository}-1.0", image.name)
        record = self.glance.get_image(image.id)
        self.assertEqual("here", record.properties["site"])
        self.assertEqual(["1.0"], record.tags)

    def test_a_list_goes_on_when_images_vanish(self):
        patched = fixtures.MonkeyPatch(f"{glance_client.__name__}._PAGE", 2)
        self.useFixture(patched)
        made = [
            self.update(
                b"x", ref.Reference.parse(f"{self.reference.name}:{n}")
            )[0].id
            for n in range(5)
        ]
        listed = self.driver.images(filters.ImageFilter(self.pattern))
        seen = [next(listed).id, next(listed).id]
        self.driver.delete(seen[1])
        seen += [image.id for image in listed]
        self.assertEqual(made[::-1], seen)
