# SPDX-License-Identifier: Apache-2.0
"""Each cell of the table of rights, with tokens of the lab's Keystone."""

import functools

from tests.fixtures import rights
from tests.functional import service


class RightsTest(service.ServiceTestCase):
    """Callers of one project, and operations of it and of another one."""

    def setUp(self):
        super().setUp()
        self.service.list.write_text(f"{self.name}\nteam/*\n")
        self.addCleanup(self.service.list.write_text, "")
        self.callers = {
            role: self.client(f"demo-{role}") for role in rights.ROLES
        }

    def ended(self, user):
        """Make an operation that fails; returns its path."""
        caller = self.client(user)
        operation = caller.pull(self.name, "missing")
        self.assertEqual("failed", caller.ended(operation)["state"])
        return f"/v1/operations/{operation['id']}"

    def test_every_cell(self):
        self.push("one")
        self.admin.done(self.admin.pull(self.name))
        [image] = self.cloud.visible(self.name)
        own, other = self.ended("demo-manager"), self.ended("other-manager")
        calls = {
            "images:list": ("GET", "/v1/images"),
            "images:show": ("GET", f"/v1/images/{image.id}"),
            "images:pull, a name on the list": self.pulled(self.name),
            "images:pull_unlisted, any other name": self.pulled("no/such"),
            "images:delete": ("DELETE", "/v1/images/none"),
            "repositories:list": ("GET", "/v1/repositories"),
            "sync:start": ("PUT", "/v1/sync"),
            "operations:list, of the own project": ("GET", "/v1/operations"),
            "operations:show, of the own project": ("GET", own),
            "operations:show, of others": ("GET", other),
            "operations:cancel, of the own project": ("DELETE", own),
            "operations:cancel, of others": ("DELETE", other),
            "operations:all_projects": (
                "GET",
                "/v1/operations?all_projects=true",
            ),
        }
        table = rights.table()
        self.assertEqual(set(table), set(calls))
        for what, cells in table.items():
            for role, may in cells.items():
                method, path = calls[what]
                answer = self.callers[role].call(method, path)
                found = (answer.status_code, answer.text)
                self.assertIn(
                    answer.status_code, self.expected(what, method, may), found
                )

    def pulled(self, name):
        return "PUT", f"/v1/images?imageName={name}"

    def expected(self, what, method, may):
        """Give the statuses that an answer may have."""
        if not may:
            return (404,) if what.endswith("of others") else (403,)
        if what.startswith("operations:cancel"):
            # Allowed, but it has ended.
            return (409,)
        return (200,) if method == "GET" else (202,)

    def test_a_name_that_is_not_listed(self):
        answer = self.callers["manager"].call(*self.pulled("no/such"))
        [error] = answer.json()["errors"]
        self.assertEqual("repository_not_allowed", error["code"])
        self.assertIn("Ask an operator to add it", error["detail"])

    def test_a_list_that_cannot_be_read(self):
        self.service.list.unlink()
        for role, status in (
            ("reader", 403),
            ("manager", 503),
            ("service", 202),
            ("admin", 202),
        ):
            answer = self.callers[role].call(*self.pulled("team/app"))
            self.assertEqual(status, answer.status_code, answer.text)

    def test_other_projects_images(self):
        """The account of the service is an administrator's here."""
        made = {
            visibility: self.image(visibility)
            for visibility in ("private", "shared", "community", "public")
        }
        listing = f"/v1/images?filter={self.name}"
        for caller in self.callers.values():
            found = caller.call("GET", listing).json()["images"]
            self.assertEqual(
                {made["public"], made["community"]},
                {each["id"] for each in found},
            )
            self.assertEqual(2, len(found))
        for visibility, image_id in made.items():
            shown = visibility in ("public", "community")
            path = f"/v1/images/{image_id}"
            answer = self.callers["admin"].call("GET", path)
            self.assertEqual(200 if shown else 404, answer.status_code)
            caller = self.callers["admin"]
            operation = caller.accepted(caller.call("DELETE", path))
            self.assertEqual(
                "image_not_managed" if shown else "image_not_found",
                caller.ended(operation)["error"]["code"],
            )

    def image(self, visibility):
        """Make an image of another project."""
        body = {
            "name": self.name,
            "container_format": "docker",
            "disk_format": "raw",
            "visibility": visibility,
            "owner": self.other_project,
            "docker_id": "sha256:1",
            "docker_name": "team/app",
            "docker_tag": "1",
        }
        glance = self.cloud.glance
        image_id = glance.post("/images", json=body).json()["id"]
        self.addCleanup(glance.delete_image, image_id, ignore_missing=True)
        return image_id

    @functools.cached_property
    def other_project(self):
        operation = self.client("other-manager").pull(self.name, "missing")
        return operation["project_id"]
