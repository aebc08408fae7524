# SPDX-License-Identifier: Apache-2.0
"""``openstack reposync``: where it is, who may use it, help."""

from keystoneauth1 import session as keystone_session
from keystoneauth1.identity import v3

from tests.fixtures import deployment
from tests.functional import openstack


class AccessTest(openstack.CliTestCase):
    """Where the service is, who may do what, help."""

    def test_the_catalogue_has_it(self):
        kind = deployment.unique("image-sync")
        self.register(kind, self.service.url)
        user = self.user(
            OS_REPOSYNC_ENDPOINT="", OS_REPOSYNC_SERVICE_TYPE=kind
        )
        user.json("reposync", "operation", "list", "--limit", "1")
        user = self.user(OS_REPOSYNC_ENDPOINT="")
        words = ("reposync", "image", "list", "--os-reposync-service-type")
        done = user.run(words[-1], "nothing", *words[:-1], status=1)
        self.assertIn("openstack service create --name", done.stderr)

    def register(self, kind, url):
        """Put a service into Keystone's catalogue, and take it out again."""
        env = self.lab
        auth = v3.Password(
            env["OS_AUTH_URL"],
            username=env["OS_USERNAME"],
            password=env["OS_PASSWORD"],
            project_name=env["OS_PROJECT_NAME"],
            user_domain_name="Default",
            project_domain_name="Default",
        )
        keystone = keystone_session.Session(auth=auth)
        base = env["OS_AUTH_URL"]
        made = keystone.post(
            f"{base}/services", json={"service": {"type": kind, "name": kind}}
        ).json()["service"]["id"]
        self.addCleanup(keystone.delete, f"{base}/services/{made}")
        endpoint = {
            "service_id": made,
            "interface": "public",
            "url": url,
            "region_id": env["OS_REGION_NAME"],
        }
        keystone.post(f"{base}/endpoints", json={"endpoint": endpoint})

    def test_nothing_answers(self):
        user = self.user(OS_REPOSYNC_ENDPOINT="http://127.0.0.1:1")
        done = user.run("reposync", "image", "list", status=1)
        self.assertIn("Nothing answers there", done.stderr)

    def test_a_role_that_is_missing(self):
        user = self.user(
            OS_USERNAME="demo-member",
            OS_PASSWORD=self.lab["LAB_DEMO_PASSWORD"],
            OS_PROJECT_NAME="demo",
        )
        self.assertEqual([], user.json("reposync", "operation", "list"))
        done = user.run("reposync", "image", "pull", self.name, status=1)
        self.assertIn("Ask for the role that may do this", done.stderr)

    def test_a_name_that_is_not_listed(self):
        user = self.user(
            OS_USERNAME="demo-manager",
            OS_PASSWORD=self.lab["LAB_DEMO_PASSWORD"],
            OS_PROJECT_NAME="demo",
        )
        done = user.run("reposync", "image", "pull", self.name, status=1)
        self.assertIn("Ask an operator to add it to the list", done.stderr)
        self.assertNotIn("Ask for the role", done.stderr)

    def test_help_and_completion(self):
        commands = self.openstack.run("reposync", "--help").stdout
        self.assertEqual(10, commands.count("  reposync "))
        helped = self.openstack.run("help", "reposync", "image", "pull").stdout
        self.assertIn("Examples: openstack reposync image pull", helped)
        completed = self.openstack.run("complete").stdout
        self.assertIn(
            "cmds_reposync='image operation repository sync'", completed
        )
        self.assertRegex(completed, r"cmds_reposync_image_pull='.*--wait")
