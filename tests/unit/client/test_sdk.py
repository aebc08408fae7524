# SPDX-License-Identifier: Apache-2.0
"""The SDK, against the real server with the shared token."""

import openstack
from openstack import exceptions

from reposync import exception
from reposync.api.serving import server
from reposync.client import sdk
from reposync.db.queue import operations
from reposync.drivers import base as driver
from tests.contract import operations as contract
from tests.unit.api import base


class SdkTest(base.ApiTestCase):
    """``conn.reposync``."""

    def setUp(self):
        super().setUp()
        self.config(bind_port=0, threads=4, max_streams=2, group="api")
        wsgi = self.make_wsgi()
        running = server.ApiServer(self.conf, wsgi)
        running.start()
        self.addCleanup(running.stop)
        self.url = f"http://127.0.0.1:{running.port}"
        self.client = self.connect(base.TOKEN)

    def connect(self, token):
        conn = openstack.connect(
            auth_type="admin_token",
            auth={"endpoint": self.url, "token": token},
            load_yaml_config=False,
            load_envvars=False,
        )
        self.addCleanup(conn.close)
        return sdk.register(conn)

    def test_the_connection_has_it_under_both_names(self):
        conn = self.client._connection
        self.assertIs(self.client, conn.reposync)
        self.assertIs(self.client, conn.image_sync)

    def test_an_address_that_is_given_counts_before_the_catalogue(self):
        conn = openstack.connect(
            auth_type="admin_token",
            auth={"endpoint": "http://127.0.0.1:1", "token": base.TOKEN},
            load_yaml_config=False,
            load_envvars=False,
        )
        self.addCleanup(conn.close)
        client = sdk.register(conn, "other-type", self.url)
        self.assertEqual([], list(client.operations()))

    def test_pull_and_wait(self):
        made = self.client.pull_image("busybox", "1")
        self.assertEqual("busybox:1", made.reference)
        looks = []

        def look(found):
            looks.append(found.state)
            if len(looks) == 2:
                self.finish(made.id, outcome="created", image={"id": "i"})

        done = self.client.wait_for_operation(made, 20, 0.05, look)
        self.assertEqual(["queued", "queued", "succeeded"], looks)
        self.assertEqual(("created", "i"), (done.outcome, done.image_id))

    def test_waiting_for_what_fails_or_takes_too_long(self):
        made = self.client.pull_image("busybox")
        self.assertRaises(
            exceptions.ResourceTimeout,
            self.client.wait_for_operation,
            made,
            timeout=0,
        )
        error = exception.ReferenceNotFound("nobody knows it")
        self.finish(made.id, "failed", error=error)
        failure = self.assertRaises(
            exceptions.ResourceFailure, self.client.wait_for_operation, made.id
        )
        self.assertIn("nobody knows it", str(failure))

    def test_cancel(self):
        made = self.client.pull_image("busybox")
        ended = self.client.cancel_operation(made)
        self.assertEqual("cancelled", ended.state)
        self.assertTrue(ended.is_finished)
        error = self.assertRaises(
            exceptions.ConflictException, self.client.cancel_operation, made.id
        )
        self.assertIn("cancelled already", error.message)

    def test_lists_follow_their_pages(self):
        made = [self.client.pull_image(f"image{n}").id for n in range(5)]
        listed = [each.id for each in self.client.operations(limit=2)]
        self.assertEqual((5, set(made)), (len(listed), set(listed)))
        query = {
            "kind": "pull",
            "state": "queued",
            "reference": "image3:latest",
        }
        [found] = self.client.operations(**query)
        self.assertEqual(made[3], found.id)
        hook = operations.submit(self.db, contract.request(project_id=None))
        everywhere = self.client.operations(all_projects=True)
        self.assertIn(hook.id, [each.id for each in everywhere])
        [line] = self.client.repositories()
        self.assertEqual(("team/*", True), (line.id, line.is_pattern))

    def test_images_are_found_by_id_by_name_and_by_tag(self):
        self.conductor.shelf = [
            driver.Image(key, name, "docker", docker_tag=tag)
            for key, name, tag in (
                ("i1", "host:5000/a+b", "1"),
                ("i2", "host:5000/a+b", "2"),
                ("i3", "solo", "latest"),
            )
        ]
        find = self.client.find_image
        for wanted, expected in (
            ("i2", "i2"),
            ("solo", "i3"),
            ("solo:latest", "i3"),
            ("host:5000/a+b:2", "i2"),
        ):
            self.assertEqual(expected, find(wanted).id, wanted)
        for wanted in ("host:5000/a+b:3", "nothing", "a+b", "solo:1"):
            self.assertRaises(exceptions.NotFoundException, find, wanted)
        error = self.assertRaises(
            exceptions.DuplicateResource, find, "host:5000/a+b"
        )
        self.assertIn("i1 (1), i2 (2)", error.message)

    def test_delete(self):
        made = self.client.delete_image("i1")
        self.assertEqual(("delete", "i1"), (made.kind, made.image_id))
        # An id never leads to another path.
        for strange, why in (
            ("../sync", "There is nothing at this path"),
            ("i1?x=1", "No image has such an id"),
        ):
            error = self.assertRaises(
                exceptions.NotFoundException, self.client.delete_image, strange
            )
            self.assertIn(why, error.message)

    def test_a_stream_tells_of_each_part_and_gives_the_operation(self):
        stream = self.client.stream_sync()
        parent = stream.operation_id
        self.assertIsNone(stream.operation)
        parts = iter(stream)
        for name in ("a", "b"):
            part = operations.submit(
                self.db,
                operations.Request(
                    "pull", name * 64, reference=name, parent_id=parent
                ),
            )
            self.finish(part.id, outcome="created", image={"id": name})
            told = next(parts)
            self.assertEqual(
                (name, part.id), (told.reference, told.operation_id)
            )
        self.finish(parent)
        self.assertEqual([], list(parts))
        self.assertEqual("succeeded", stream.operation.state)
        self.assertEqual(2, stream.operation.counts["created"])

    def test_without_a_free_stream_the_operation_is_given(self):
        held = [self.client.stream_sync(), self.client.stream_pull("a")]
        for each in held:
            self.addCleanup(each.close)
        plain = self.client.stream_pull("b")
        self.assertEqual([], list(plain))
        self.assertEqual("queued", plain.operation.state)
        self.assertEqual(plain.operation_id, plain.operation.id)

    def test_errors_have_the_words_of_the_service(self):
        error = self.assertRaises(
            exceptions.BadRequestException,
            self.client.pull_image,
            "Not A Name",
        )
        self.assertIn("Expected [registry/]repository[:tag]", error.message)
        refused = self.assertRaises(
            exceptions.HttpException,
            self.connect("wrong").pull_image,
            "busybox",
        )
        self.assertEqual(401, refused.status_code)
        self.assertNotIn("wrong", str(refused))
