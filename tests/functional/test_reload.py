# SPDX-License-Identifier: Apache-2.0
"""SIGHUP takes over options that may change, and breaks off nothing."""

import json
import signal
import threading

from tests.fixtures import client
from tests.fixtures import deployment
from tests.fixtures import faulty
from tests.fixtures import wait
from tests.functional import watching


class ReloadTest(watching.WatchingTestCase):
    """Real processes, whose configuration changes while they work."""

    def reload(self, name, said="was reloaded", **options):
        """Change the configuration, tell a service, wait for its word."""
        worker = self.worker(name)
        number = len(self.words(name, worker, said))
        self.service.write_config(self.all_options(**options))
        deployment.send(self.service.processes[name].pid, signal.SIGHUP)
        wait.until(
            lambda: len(self.words(name, worker, said)) > number,
            f"{said!r} of {name}",
            60,
        )
        self.assertEqual(worker, self.worker(name))

    def words(self, name, pid, text):
        return [
            line["message"]
            for line in self.lines(name)
            if line["process"] == pid and text in line["message"]
        ]

    def held(self):
        """Give a copy that runs until an event is set."""
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        proxy = self.useFixture(faulty.FaultyProxy(self.lab["LAB_REGISTRY"]))
        reached = threading.Event()

        def hold(handler):
            if "/blobs/" in handler.path:
                reached.set()
                go_on.wait(60)

        proxy.fault = hold
        self.push("one")
        self.name = f"{proxy.host}/{self.name.partition('/')[2]}"
        operation = self.admin.pull(self.name)
        self.assertTrue(reached.wait(30))
        return operation, go_on

    def test_a_conductor_takes_options_over_and_goes_on_copying(self):
        name = "reposync-conductor"
        self.push("other", "other")
        old = self.admin.done(self.admin.pull(self.name, "other"))
        operation, go_on = self.held()
        self.reload(name, conductor={"retention": 1, "workers": 9})
        # Kept for a second from now on, and not for a month.
        wait.until(lambda: self.gone(old), "an operation that is purged", 60)
        running = self.admin.operation(operation["id"])
        self.assertEqual("running", running["state"])
        self.reload(name)
        go_on.set()
        done = self.admin.done(operation)
        self.assertEqual(("created", 1), (done["outcome"], done["attempt"]))
        [ignored] = self.words(
            name, self.worker(name), "change to immutable option"
        )
        self.assertIn("conductor.workers", ignored)

    def gone(self, operation):
        path = f"/v1/operations/{operation['id']}"
        return self.admin.call("GET", path).status_code == 404

    def test_an_api_takes_options_over_and_goes_on_streaming(self):
        name = "reposync-api"
        operation, go_on = self.held()
        caller = client.Client(self.service.url, self.cloud.token())
        begun, lines = threading.Event(), []

        def follow():
            with caller.call(
                "PUT",
                "/v1/images",
                params={"imageName": self.name},
                headers={"Accept": "application/x-ndjson"},
                stream=True,
            ) as answer:
                begun.set()
                lines.extend(map(json.loads, answer.iter_lines()))

        stream = threading.Thread(target=follow)
        stream.start()
        self.addCleanup(stream.join, 60)
        self.assertTrue(begun.wait(30))
        self.assertEqual(200, self.page(50).status_code)
        self.reload(name, api={"max_limit": 5, "threads": 30})
        self.assertEqual(400, self.page(50).status_code)
        go_on.set()
        stream.join(60)
        self.assertEqual("succeeded", lines[-1]["operation"]["state"])
        self.assertEqual("created", self.admin.done(operation)["outcome"])
        [ignored] = self.words(name, self.worker(name), "change to immutable")
        self.assertIn("api.threads", ignored)

    def page(self, limit):
        return self.admin.call(
            "GET", "/v1/operations", params={"limit": limit}
        )

    def test_a_bad_file_changes_nothing(self):
        name = "reposync-conductor"
        self.reload(
            name, "was not reloaded", conductor={"max_attempts": "many"}
        )
        self.push("one")
        operation = self.admin.done(self.admin.pull(self.name))
        self.assertEqual("created", operation["outcome"])
