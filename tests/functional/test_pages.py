# SPDX-License-Identifier: Apache-2.0
"""The commands of the pages, typed on a bare host from above to below."""

import dataclasses
from pathlib import Path
import re
import secrets
import subprocess

from lab import images
from lab import state as lab_state
from tests.fixtures import cli
from tests.fixtures import deployment
from tests.fixtures import fresh_host
from tests.fixtures import page
from tests.functional import base

ROOT = Path(__file__).parents[2]
#: Other ways to do what another section does.
CHOICES = ("Through a Docker engine", "uWSGI")
SECRETS = ("KEYSTONE_PASSWORD", "DATABASE_PASSWORD", "BUS_PASSWORD")
TYPE = "image-sync"
_PATIENTLY = "-s --retry 20 --retry-connrefused"


class PagesTest(base.TestCase):
    """A new user follows a page to the letter."""

    def setUp(self):
        super().setUp()
        self.repository = self.path / "reposync.git"
        subprocess.run(
            ["git", "clone", "-q", "--bare", ROOT, self.repository], check=True
        )
        self.host = self.useFixture(
            fresh_host.FreshHost(self.path, self.repository)
        )

    def test_from_a_bare_host_to_the_first_image(self):
        self.push_what_the_pages_pull()
        self.one_process()
        self.beside_openstack()

    def push_what_the_pages_pull(self):
        """Let the lab's registry, this site's mirror, have the image."""
        images.push_image(
            self.lab["LAB_REGISTRY"],
            "library/busybox",
            "latest",
            {"bin/busybox": self.id().encode()},
        )

    def one_process(self):
        """The README, then the page about the standalone mode."""
        self.host.write("/root/.reposync/reposync.conf", self.with_mirror(""))
        known = {"<address of the repository>": str(self.repository)}
        started = "reposync-standalone"
        for step in self.steps("README.rst", known):
            if started in step.text:
                # In the first of two terminals.
                self.host.type(f"{step.text} >log 2>&1 & echo $! >pid")
                break
            self.host.type(step.text)
        self.host.type(f"curl {_PATIENTLY} http://127.0.0.1:9877/healthcheck")
        printed = ""
        for step in self.steps("doc/source/standalone.rst", known):
            if step.text.startswith(("TOKEN=", "curl")):
                printed = self.host.type(step.text)
        self.assertIn('"outcome": "created"', printed)
        self.assertIn("busybox:latest", printed)
        self.host.type("kill $(cat pid); wait")

    def beside_openstack(self):
        """The page about the installation, from above to below."""
        openstack = self.administrator()
        account = deployment.unique("reposync")
        self.take_the_place_of_the_labs_service(openstack)
        secret = {name: secrets.token_hex(16) for name in SECRETS}
        known = {
            "<address of the repository>": str(self.repository),
            "https://keystone.example.org/v3": self.lab["LAB_KEYSTONE_URL"],
            "db.example.org": "127.0.0.1",
            "rabbit.example.org": "127.0.0.1",
            "reposync.example.org": "127.0.0.1",
            "username = reposync": f"username = {account}",
            "--password-prompt reposync": f"--password-prompt {account}",
            "--user reposync": f"--user {account}",
        }
        asked = {
            "--password-prompt": secret["KEYSTONE_PASSWORD"],
            "--pwprompt": secret["DATABASE_PASSWORD"],
        }
        printed = {}
        for step in self.steps("doc/source/install.rst", known | secret):
            if isinstance(step, page.File):
                text = step.text
                if step.path.endswith("reposync.conf"):
                    text = self.with_mirror(text)
                self.host.write(step.path, text)
                continue
            answer = [a for word, a in asked.items() if word in step.text]
            printed[step.text] = self.host.type(step.text, *(answer * 2))
            if "user create" in step.text:
                self.addCleanup(openstack.run, "user", "delete", account)
        pulled, listed = (
            next(text for said, text in printed.items() if part in said)
            for part in ("image pull --wait", "image list --property")
        )
        self.assertIn("created", pulled)
        self.assertIn("active", listed)
        for image in re.findall(r"\| ([0-9a-f-]{36}) \|", listed):
            openstack.run("image", "delete", image)

    def steps(self, name, known):
        """Read a page, with what is true here in place of its examples."""
        for step in page.steps(ROOT / name):
            if step.section not in CHOICES:
                text = step.text
                for example, here in known.items():
                    text = text.replace(example, here)
                yield dataclasses.replace(step, text=text)

    def with_mirror(self, text):
        """Add what this site has in place of Docker Hub."""
        mirror = self.lab["LAB_REGISTRY"]
        return f"{text}\n[registry]\nmirrors = docker.io=http://{mirror}\n"

    def administrator(self):
        """Let the person be the administrator of the lab's cloud."""
        settings = {
            name: value
            for name, value in self.lab.items()
            if name.startswith("OS_")
        } | {
            "OS_USERNAME": "admin",
            "OS_PROJECT_NAME": "admin",
            "OS_PASSWORD": lab_state.State().password("admin"),
        }
        for name, value in settings.items():
            self.host.type(f"export {name}={value}")
        return cli.OpenStack(self.path, **settings)

    def take_the_place_of_the_labs_service(self, openstack):
        """Take the lab's own entry out of the catalogue for this test.

        Two of one type cannot be told apart when endpoints are made.
        """
        listed = openstack.json("endpoint", "list")
        endpoints = [e for e in listed if e["Service Type"] == TYPE]
        self.addCleanup(self.put_back, openstack, endpoints)
        self.remove_service(openstack)

    def remove_service(self, openstack):
        """Take whatever is there out of the catalogue."""
        for there in openstack.json("service", "list"):
            if there["Type"] == TYPE:
                openstack.run("service", "delete", there["ID"])

    def put_back(self, openstack, endpoints):
        """Put the lab's own entry into the catalogue again."""
        self.remove_service(openstack)
        openstack.run("service", "create", "--name", "reposync", TYPE)
        for each in endpoints:
            openstack.run(
                *("endpoint", "create", "--region", each["Region"]),
                *(TYPE, each["Interface"], each["URL"]),
            )
