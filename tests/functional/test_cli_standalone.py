# SPDX-License-Identifier: Apache-2.0
"""``openstack reposync`` with the token of the standalone mode."""

from pathlib import Path

from lab import images
from tests.fixtures import cli
from tests.fixtures import deployment
from tests.fixtures import standalone
from tests.functional import base

_SAMPLE = Path(__file__).parents[2] / "doc/source/_samples/clouds.yaml"


class StandaloneCliTest(base.TestCase):
    """Without Keystone; the file of the documentation is used."""

    def setUp(self):
        super().setUp()
        self.service = standalone.Standalone(
            self.path, standalone.with_mirror(self.lab)
        )
        self.caller = self.service.start()
        self.addCleanup(self.service.process.wait, 60)
        self.addCleanup(self.service.process.kill)
        self.repository = deployment.unique("test/cli")
        self.name = f"{self.lab['LAB_REGISTRY']}/{self.repository}"
        images.push_image(
            self.lab["LAB_REGISTRY"], self.repository, "1", {"a": b"b"}
        )

    def user(self, token=None):
        """Give a user with the clouds.yaml of the documentation."""
        token = token or self.caller.headers["X-Auth-Token"]
        text = _SAMPLE.read_text()
        for placeholder, value in (
            ("http://127.0.0.1:9877", self.service.url),
            ("TOKEN", token),
        ):
            self.assertIn(placeholder, text)
            text = text.replace(placeholder, value)
        path = self.path / "clouds.yaml"
        path.write_text(text)
        return cli.OpenStack(
            self.path, OS_CLOUD="reposync", OS_CLIENT_CONFIG_FILE=str(path)
        )

    def test_every_command(self):
        openstack = self.user()

        def json(*words, **kwargs):
            return openstack.json("reposync", *words, **kwargs)

        [pulled] = json("image", "pull", "--wait", f"{self.name}:1")
        self.assertEqual("created", pulled["Outcome"])
        [listed] = json("image", "list")
        self.assertEqual(pulled["Image ID"], listed["ID"])
        shown = json("image", "show", f"{self.name}:1")
        self.assertEqual(listed["ID"], shown["id"])
        table = openstack.run("reposync", "image", "list")
        self.assertIn(listed["ID"], table.stdout)
        self.service.list.write_text(f"{self.name}:1\n{self.name}:2\n")
        synced = json("sync", "--wait", status=1)
        self.assertEqual(1, synced["counts"]["unchanged"])
        self.assertEqual(1, synced["counts"]["failed"])
        good, bad = json("repository", "list")
        self.assertEqual("unchanged", good["Outcome"])
        self.assertEqual("reference_not_found", bad["Error"]["code"])
        operations = json("operation", "list", "--parent", synced["id"])
        self.assertEqual(2, len(operations))
        shown = json("operation", "show", synced["id"])
        self.assertEqual("failed", shown["state"])
        [waited] = json("operation", "wait", synced["id"], status=1)
        self.assertEqual("failed", waited["State"])
        done = openstack.run(
            "reposync", "operation", "cancel", synced["id"], status=1
        )
        self.assertIn("has failed already", done.stderr)
        json("image", "delete", "--wait", listed["ID"])
        self.assertEqual([], json("image", "list"))

    def test_the_environment_alone_will_do(self):
        openstack = cli.OpenStack(
            self.path,
            OS_AUTH_TYPE="admin_token",
            OS_ENDPOINT=self.service.url,
            OS_TOKEN=self.caller.headers["X-Auth-Token"],
        )
        self.assertEqual([], openstack.json("reposync", "image", "list"))

    def test_a_wrong_token(self):
        secret = "a-token-that-is-wrong"
        done = self.user(secret).run("reposync", "image", "list", status=1)
        self.assertIn("Check the token", done.stderr)
        self.assertNotIn(secret, done.stderr)
