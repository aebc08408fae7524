# SPDX-License-Identifier: Apache-2.0
"""Glances of other clouds, and what stands in front of them."""

import itertools
import json

from reposync import exception
from tests.fixtures import memory
from tests.unit.drivers import glance_base


class UploadTest(glance_base.GlanceTestCase):
    """What may happen to an upload."""

    def test_a_proxy_that_loses_patience_while_glance_stores(self):
        # haproxy's "timeout server", nginx's "proxy_read_timeout".
        for status in (502, 504, 499, 408):
            looks = itertools.count()

            def store(handler, status=status):
                image_id = handler.path.split("/")[3]
                self.glance.store(image_id, handler.body, "saving")
                return handler.json({}, status)

            def finish(handler, looks=looks):
                for record in self.glance.records.values():
                    if record["status"] == "saving" and next(looks) >= 2:
                        record["status"] = "active"

            self.glance.on("PUT .*/file", store)
            self.glance.on("GET /v2/images/[^?/]+$", finish)
            before = self.uploads()
            image, _ = self.update(f"as {status}".encode())
            self.assertEqual(image.id, self.current().id)
            self.assertEqual(before + 1, self.uploads())

    def test_a_failure_that_is_one(self):
        self.glance.on("PUT .*/file", lambda handler: handler.json({}, 502))
        self.assertRaises(exception.CatalogueUnavailable, self.update, b"one")
        self.assertEqual({}, self.glance.records)

    def test_a_store_that_needs_a_moment_after_the_answer(self):
        for status in ("saving", "importing", "queued", None):
            looks = itertools.count()

            def show(handler, status=status, looks=looks):
                record = self.glance.records[handler.path.split("/")[3]]
                if record["status"] != "active" or next(looks) >= 2:
                    return False
                if status is None:
                    return handler.json({}, 404)
                return handler.json(record | {"status": status})

            self.glance.on("GET /v2/images/[^?/]+$", show)
            self.update(f"{status}".encode())
        self.assertEqual(4, self.uploads())

    def test_a_store_that_fails_after_the_answer(self):
        def kill(handler):
            self.glance.store(handler.path.split("/")[3], b"", "killed")
            return handler.answer(204) or True

        self.glance.on("PUT .*/file", kill)
        error = self.assertRaises(exception.ImageDamaged, self.update, b"one")
        self.assertIn("killed", error.message)
        self.assertEqual({}, self.glance.records)

    def test_a_store_that_never_ends(self):
        def keep(handler):
            self.glance.store(handler.path.split("/")[3], b"", "saving")
            return handler.answer(204) or True

        self.driver = self.make_driver(upload_timeout=1)
        self.glance.on("PUT .*/file", keep)
        error = self.assertRaises(
            exception.CatalogueUnavailable, self.update, b"one"
        )
        self.assertIn("still saving", error.message)

    def test_a_cloud_that_takes_imports_only(self):
        for status, kind in (
            (403, exception.CatalogueDenied),
            (404, exception.CatalogueUnsuitable),
            (405, exception.CatalogueUnsuitable),
        ):
            self.glance.on(
                "PUT .*/file",
                lambda handler, status=status: handler.json({}, status),
            )
            error = self.assertRaises(kind, self.update, b"one")
            self.assertIn("upload_image", error.message)
            self.assertFalse(error.retryable)

    def test_an_image_that_is_deleted_or_changed_meanwhile(self):
        for status in (404, 409, 410):
            self.glance.on(
                "PUT .*/file",
                lambda handler, status=status: handler.json(
                    handler.path.split("/")[3], status
                ),
            )
            self.assertRaises(
                exception.CatalogueUnavailable, self.update, b"one"
            )

    def test_limits_in_all_their_words(self):
        for status, words in (
            (413, "<html><h1>413 Request Entity Too Large</h1>nginx</html>"),
            (413, "Denying attempt to upload image because it exceeds the"),
            (403, "image_size_total quota exceeded"),
            (507, "Insufficient Storage"),
        ):
            self.glance.on(
                "PUT .*/file",
                lambda handler, status=status, words=words: (
                    handler.answer(status, words.encode()) or True
                ),
            )
            self.assertRaises(
                exception.CatalogueQuotaExceeded, self.update, b"one"
            )

    def test_a_redirect_of_the_upload_is_not_followed(self):
        self.glance.on(
            "PUT .*/file",
            lambda handler: handler.json({}, 301, Location="https://x/v2"),
        )
        error = self.assertRaises(
            exception.CatalogueUnsuitable, self.update, b"one"
        )
        self.assertIn("endpoint_override", error.message)


class RequestTest(glance_base.GlanceTestCase):
    """What may happen to other requests."""

    def test_a_request_that_was_sent_twice(self):
        # nginx's proxy_next_upstream, for one.
        def twice(handler):
            handler.json = lambda *args: None
            handler.make()
            del handler.json
            return handler.json({}, 409)

        self.glance.on("POST /v2/images", twice)
        image, _ = self.update(b"one")
        self.assertEqual(image.id, self.current().id)

    def test_a_cloud_that_chooses_ids_itself(self):
        def choose(handler):
            body = json.loads(handler.body)
            handler.body = json.dumps(body | {"id": "own-1"}).encode()

        self.glance.on("POST /v2/images", choose)
        commit = memory.Commit(lambda image: None)
        image, _ = self.update(b"one", commit=commit)
        self.assertEqual(("own-1", "own-1"), (image.id, commit.begun[-1]))

    def test_a_change_that_meets_another_one(self):
        turns = itertools.count()
        self.glance.on(
            "PATCH",
            lambda handler: next(turns) < 2 and handler.json({}, 409),
        )
        self.update(b"one")
        self.glance.on("PATCH", lambda handler: handler.json({}, 409))
        self.assertRaises(exception.CatalogueUnavailable, self.update, b"two")

    def test_a_cloud_that_ignores_what_it_cannot_choose_by(self):
        first, _ = self.update(b"one")
        other = self.reference.__class__.parse(f"{self.reference.name}:2")
        self.glance.on(
            r"GET /v2/images\?",
            lambda handler: handler.json(
                {"images": list(self.glance.records.values())}
            ),
        )
        second, outcome = self.update(b"two", other)
        self.assertEqual("created", outcome)
        self.assertIn(first.id, self.glance.records)
        self.assertEqual([second], self.driver.find(other))

    def test_images_that_are_deleted_and_still_listed(self):
        image, _ = self.update(b"one")
        self.glance.records[image.id]["status"] = "deleted"
        self.glance.on("DELETE", lambda handler: handler.json({}, 400))
        self.assertEqual([], self.listed())
        self.assertRaises(exception.ImageNotFound, self.driver.image, image.id)
        _, outcome = self.update(b"one")
        self.assertEqual("created", outcome)

    def test_lists_go_on_without_the_address_of_the_next_page(self):
        made = self.update(b"one")[0].id
        record = self.glance.records[made]
        pages = [
            [record | {"id": f"i{number}"} for number in range(500)],
            [record | {"id": "last"}],
        ]
        self.glance.on(
            r"GET /v2/images\?.*owner=",
            lambda handler: handler.json({"images": pages.pop(0)}),
        )
        self.assertEqual(501, len(self.listed()))

    def test_something_else_answers(self):
        for body in (b"<html>maintenance</html>", b"[]", b'{"images": [1]}'):
            self.glance.on(
                r"GET /v2/images\?",
                lambda handler, body=body: handler.answer(200, body) or True,
            )
            error = self.assertRaises(
                exception.CatalogueUnavailable, self.listed
            )
            self.assertIn("Something else than Glance", error.message)

    def test_an_address_of_no_version(self):
        self.glance.on("GET /v2/images", lambda handler: handler.json({}, 300))
        error = self.assertRaises(exception.CatalogueUnsuitable, self.listed)
        self.assertIn("endpoint_override", error.message)

    def test_a_region_that_is_not_there(self):
        driver = self.make_driver(region_name="Elsewhere")
        error = self.assertRaises(
            exception.CatalogueUnsuitable, driver.image, "x"
        )
        self.assertIn("region_name", error.message)

    def test_a_cloud_that_says_nothing_of_container_formats(self):
        self.glance.on(
            "GET /v2/schemas", lambda handler: handler.json({}, 404)
        )
        self.driver.check()

    def test_properties_that_are_reserved(self):
        self.glance.on(
            "POST /v2/images",
            lambda handler: handler.json(
                "Attribute 'docker_id' is reserved.", 403
            ),
        )
        error = self.assertRaises(
            exception.CatalogueDenied, self.update, b"one"
        )
        self.assertIn("docker_id", error.message)
