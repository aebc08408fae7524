# SPDX-License-Identifier: Apache-2.0
"""Glance fails, or does not answer."""

from tests.faults import base
from tests.fixtures import wait

_UPLOAD = "PUT /v2/images/.*/file"


class GlanceTest(base.FaultCase):
    """The copy is tried again, and nothing of the failed one remains."""

    def setUp(self):
        super().setUp()
        self.push("old")
        self.succeeded(self.caller.pull(self.name))
        self.pushed = self.push("new")

    def test_refused(self):
        self.proxies["glance"].refuse()
        operation = self.caller.pull(self.name)
        self.failed_once(operation)
        self.proxies["glance"].restore()
        self.done(operation)

    def test_black_holed_in_an_upload(self):
        gate = self.proxies["glance"].stop_at(_UPLOAD, "amid", 1 << 20)
        operation = self.caller.pull(self.name)
        gate.reached()
        self.failed_once(operation)
        self.done(operation)

    def test_no_answer_to_an_upload(self):
        gate = self.proxies["glance"].stop_at(_UPLOAD, "after")
        operation = self.caller.pull(self.name)
        gate.reached()
        self.assertEqual(1, self.succeeded(operation).attempt)
        self.all_is_well(self.pushed)

    def test_not_to_be_shown(self):
        self.broken_at("PATCH /v2/images/")

    def test_predecessor_not_to_be_deleted(self):
        self.broken_at("DELETE /v2/images/")

    def test_deleted_in_the_middle_of_its_upload(self):
        gate = self.proxies["glance"].stop_at(_UPLOAD, "amid", 1 << 20)
        operation = self.caller.pull(self.name)
        gate.reached()
        [new] = [
            image
            for image in self.cloud.everything(self.name)
            if image.status != "active"
        ]
        self.cloud.glance.delete_image(new.id)
        gate.open()
        self.done(operation)

    def broken_at(self, pattern):
        gate = self.proxies["glance"].stop_at(pattern)
        operation = self.caller.pull(self.name)
        gate.reached()
        gate.answer(503)
        self.done(operation)

    def failed_once(self, operation):
        def look():
            row = self.row(operation)
            return row.error_code == "catalogue_unavailable" or (
                row.attempt > 1
            )

        wait.until(look, "the first attempt's end", 60)

    def done(self, operation):
        self.assertGreater(self.succeeded(operation).attempt, 1)
        self.all_is_well(self.pushed)
