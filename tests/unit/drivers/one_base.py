# SPDX-License-Identifier: Apache-2.0
"""What the tests of the OpenNebula driver share."""

from reposync.drivers.opennebula import driver
from tests.contract import driver as contract
from tests.fixtures import one_cloud
from tests.fixtures import one_server
from tests.unit import base

PASSWORD = "opennebulapass"


class OpenNebulaCase(contract.DriverCase, base.TestCase):
    """A driver with a front end of its own.

    ``mode`` is the way images are handed over.
    """

    mode = "file"

    def setUp(self):
        super().setUp()
        self.one = self.useFixture(one_server.OneServer())
        self.cloud = self.one.cloud
        self.pattern = self.reference.name.replace("/", "_") + "_*"
        self.pattern = self.pattern.replace(":", "@")
        self.name = self.pattern.replace("*", "1.0")
        self.outbox = self.path / "outbox"
        self.cloud.registry = lambda name: self.source.contents[name]
        self.config(
            endpoint=self.one.endpoint,
            user="oneadmin",
            password=PASSWORD,
            path=self.mode,
            directory=str(self.outbox),
            poll_interval=0.01,
            group="opennebula",
        )
        self.driver = self.make_driver()

    def make_driver(self, **options):
        for name, value in options.items():
            self.conf.set_override(name, value, group="opennebula")
        return driver.OpenNebulaDriver(self.conf)

    def use_account(self, *groups, name="reposync"):
        """Give the service another account than oneadmin's.

        :param groups: ids; ``users`` by default
        """
        held = [g for g in self.cloud.groups if g.id in (groups or (1,))]
        user = one_cloud.User(7, name, PASSWORD, held[0], tuple(held[1:]))
        self.cloud.users.append(user)
        self.driver = self.make_driver(user=name)
        return user

    def stored(self, image_id):
        return self.cloud.images[int(image_id)].data

    def all_images(self):
        """List what stays, newest first."""
        return sorted(
            (
                image
                for image in self.cloud.images.values()
                if image.state != one_cloud.DELETE
            ),
            key=lambda image: -image.id,
        )

    def left_overs(self):
        files = list(self.outbox.iterdir()) if self.outbox.exists() else []
        return len(self.all_images()) - len(self.listed()) + len(files)

    def make_vm_image(self, name):
        text = f'NAME="{name}"\nTYPE="OS"\nPATH="/var/tmp/rhel.qcow2"\n'
        return str(self.cloud.allocate(self.cloud.oneadmin, text, 100))


class RefusalCase(OpenNebulaCase):
    """Sees that a refusal changes nothing."""

    def refused(self, kind, *words, content=b"two"):
        """Update, and see that it fails and changes nothing."""
        before = [image.id for image in self.all_images()]
        error = self.assertRaises(kind, self.update, content)
        for word in words:
            self.assertIn(word, error.message)
        self.assertNotIn(PASSWORD, error.message)
        self.assertEqual(before, [image.id for image in self.all_images()])
        files = list(self.outbox.glob("*")) if self.outbox.is_dir() else []
        self.assertEqual([], files)
        return error
