# SPDX-License-Identifier: Apache-2.0
"""The main job: from the registry into Glance, and out again."""

import threading

from tests.fixtures import wait
from tests.functional import service


class ImagesTest(service.ServiceTestCase):
    """``/v1/images`` over real servers."""

    def test_pull_makes_an_active_image(self):
        pushed = self.push("one")
        done = self.admin.done(self.admin.pull(self.name))
        self.assertEqual("created", done["outcome"])
        [image] = self.cloud.visible(self.name)
        self.assertEqual(done["image_id"], image.id)
        self.assertEqual(
            ("docker", "raw", ["latest"], False),
            (
                image.container_format,
                image.disk_format,
                [tag for tag in image.tags if tag != "reposync"],
                image.is_hidden,
            ),
        )
        properties = image.properties
        self.assertEqual(pushed.image_id, properties["docker_id"])
        self.assertEqual(pushed.digest, properties["docker_digest"])
        self.assertEqual(self.name, properties["docker_name"])
        self.assertEqual("latest", properties["docker_tag"])
        self.assertEqual(image.size, done["image"]["size"])

    def test_the_stored_archive_is_loadable(self):
        pushed = self.push("loadable")
        done = self.admin.done(self.admin.pull(self.name))
        engine = self.engine()
        self.assertNotIn(
            pushed.image_id, [image.id for image in engine.images.list()]
        )
        path = self.path / "image.tar"
        self.cloud.glance.download_image(done["image_id"], output=str(path))
        with path.open("rb") as archive:
            [loaded] = engine.images.load(archive)
        self.addCleanup(engine.images.remove, loaded.id, force=True)
        self.assertEqual(done["image"]["docker_id"], loaded.id)
        self.assertEqual(pushed.image_id, loaded.id)

    def test_a_big_image_with_labels(self):
        name = f"{self.lab['LAB_REGISTRY']}/demo/debian-tools"
        self.name = name
        done = self.admin.done(self.admin.pull(name, "12"))
        image = self.cloud.glance.get_image(done["image_id"])
        self.assertEqual(
            ("linux", "x86_64", "debian", "12"),
            tuple(
                image.properties[key]
                for key in (
                    "os",
                    "hw_architecture",
                    "distribution",
                    "dist_version",
                )
            ),
        )
        self.assertGreater(image.size, 300_000_000)
        progress = done["progress"]
        self.assertEqual(image.size, progress["bytes"])

    def test_the_second_pull_changes_nothing(self):
        self.push("one")
        first = self.admin.done(self.admin.pull(self.name))
        engine = self.engine()
        before = engine.df()["LayersSize"]
        second = self.admin.done(self.admin.pull(self.name))
        self.assertEqual("unchanged", second["outcome"])
        self.assertEqual(first["image_id"], second["image_id"])
        self.assertEqual(0, second["progress"]["bytes"])
        self.assertEqual(before, engine.df()["LayersSize"])

    def test_an_update_leaves_no_hole(self):
        self.push("one")
        first = self.admin.done(self.admin.pull(self.name))
        stop, seen = threading.Event(), []

        def sample():
            while not stop.is_set():
                found = self.cloud.visible(self.name)
                seen.append([image.id for image in found])

        watcher = threading.Thread(target=sample)
        watcher.start()
        self.addCleanup(stop.set)
        wait.until(lambda: seen, "the first sample")
        self.push("two")
        second = self.admin.done(self.admin.pull(self.name))
        after = len(seen)
        wait.until(lambda: len(seen) > after + 1, "one more sample")
        stop.set()
        watcher.join(30)
        self.assertEqual("updated", second["outcome"])
        self.assertGreater(len(seen), 3)
        self.assertEqual([], [n for n, ids in enumerate(seen) if not ids])
        self.assertEqual([first["image_id"]], seen[0])
        self.assertEqual([second["image_id"]], seen[-1])
        self.assertEqual(
            [second["image_id"]],
            [image.id for image in self.cloud.everything(self.name)],
        )

    def test_what_was_pulled_is_removed_from_the_engine(self):
        pushed = self.push("gone")
        self.admin.done(self.admin.pull(self.name))
        found = [image.id for image in self.engine().images.list()]
        self.assertNotIn(pushed.image_id, found)

    def test_pull_by_a_body(self):
        self.push("one", "1.0")
        answer = self.admin.call(
            "PUT", "/v1/images", json={"name": self.name, "tag": "1.0"}
        )
        done = self.admin.done(self.admin.accepted(answer))
        self.assertEqual("1.0", done["image"]["docker_tag"])

    def test_pull_streams_its_outcome(self):
        self.push("one")
        lines = self.admin.stream(
            "PUT", "/v1/images", params={"imageName": self.name}
        )
        self.assertEqual("created", lines[0]["outcome"])
        self.assertEqual(self.name, lines[0]["image"]["docker_name"])
        self.assertEqual("succeeded", lines[-1]["operation"]["state"])

    def test_a_stream_of_a_failure_ends(self):
        lines = self.admin.stream(
            "PUT", "/v1/images", params={"imageName": self.name}
        )
        self.assertEqual("reference_not_found", lines[0]["error"]["code"])
        self.assertEqual("failed", lines[-1]["operation"]["state"])

    def test_list_shows_both_types_and_filters(self):
        self.push("one")
        done = self.admin.done(self.admin.pull(self.name))
        disk = self.cloud.glance.create_image(
            f"{self.name}-disk",
            allow_duplicates=True,
            container_format="bare",
            disk_format="raw",
            data=b"disk",
            wait=True,
        )
        self.addCleanup(self.cloud.glance.delete_image, disk.id)
        types = {done["image_id"]: "docker", disk.id: "vm"}
        for query, expected in (
            ({}, types),
            ({"filter": f"{self.name}*"}, types),
            ({"filter": self.name}, {done["image_id"]: "docker"}),
            ({"filter": f"({self.name})(-disk)+"}, {disk.id: "vm"}),
            ({"type": "vm"}, {disk.id: "vm"}),
            ({"type": "docker"}, {done["image_id"]: "docker"}),
            ({"filter": "nothing*"}, {}),
        ):
            found = self.listed(query)
            ours = {key: found[key] for key in types if key in found}
            self.assertEqual(expected, ours, query)

    def test_list_is_paged(self):
        for tag in ("1", "2", "3"):
            self.push(tag, tag)
            self.admin.done(self.admin.pull(self.name, tag))
        seen, path = [], f"/v1/images?limit=2&filter={self.name}"
        while path:
            page = self.admin.call("GET", path).json()
            seen += [image["docker_tag"] for image in page["images"]]
            links = {link["rel"]: link["href"] for link in page["links"]}
            path = links.get("next", "").removeprefix(self.service.url)
        self.assertEqual(["1", "2", "3"], sorted(seen))

    def test_show_and_delete(self):
        self.push("one")
        image_id = self.admin.done(self.admin.pull(self.name))["image_id"]
        path = f"/v1/images/{image_id}"
        shown = self.admin.call("GET", path)
        self.assertEqual(self.name, shown.json()["image"]["name"])
        answer = self.admin.call("DELETE", path)
        self.admin.done(self.admin.accepted(answer))
        self.assertEqual([], self.cloud.everything(self.name))
        self.assertEqual(404, self.admin.call("GET", path).status_code)

    def listed(self, query):
        found = self.admin.call(
            "GET", "/v1/images", params=query | {"limit": 1000}
        )
        self.assertEqual(200, found.status_code, found.text)
        return {image["id"]: image["type"] for image in found.json()["images"]}
