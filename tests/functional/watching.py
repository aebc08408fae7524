# SPDX-License-Identifier: Apache-2.0
"""Tests of what the deployed service tells of itself."""

import json

from prometheus_client import parser
import requests

from tests.fixtures import cloud
from tests.fixtures import deployment
from tests.functional import base
from tests.functional import service


class WatchingTestCase(service.ServiceTestCase):
    """A test with a deployment of its own, with all that tells of it.

    ``self.topic`` is where its notifications go.
    """

    #: options by group, over the usual ones
    options = {}

    def setUp(self):
        base.TestCase.setUp(self)
        self.service = deployment.Deployment(self.lab)
        self.topic = deployment.unique("notifications")
        self.metrics_port = deployment.free_port()
        self.prepare()
        self.service.start(**self.all_options())
        self.addCleanup(self.service.stop)
        self.cloud = cloud.Cloud(self.lab)
        self.admin = self.client()
        repository = deployment.unique("test/image")
        self.name = f"{self.lab['LAB_REGISTRY']}/{repository}"
        self.addCleanup(self.forget_images)

    def prepare(self):
        """Do what has to be done before the service starts."""

    def all_options(self, **more):
        """Merge the options of the test and ``more`` into the usual ones."""
        merged = {
            "DEFAULT": {"use_json": True},
            "conductor": {"source": "registry"},
            "metrics": {"port": self.metrics_port},
            "oslo_messaging_notifications": {
                "driver": "messagingv2",
                "topics": self.topic,
            },
        }
        for options in (self.options, more):
            for group, values in options.items():
                merged[group] = merged.get(group, {}) | values
        return merged

    def lines(self, name):
        """Read a log: a dictionary for each line that is complete."""
        whole, _, _ = self.service.log(name).read_text().rpartition("\n")
        return [
            json.loads(line)
            for line in whole.splitlines()
            if line.startswith("{")
        ]

    def said(self, name, text):
        """List the messages of a log that hold some text."""
        return [
            line["message"]
            for line in self.lines(name)
            if text in line["message"]
        ]

    def worker(self, name):
        """Give the process that does the work of a service."""
        [child] = deployment.children(self.service.processes[name].pid)
        return child

    def metrics(self):
        """Ask the conductor for its metrics.

        :returns: numbers by name and values of the labels, these in the
            order of the labels' names
        """
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        answer = requests.get(url, timeout=20)
        self.assertEqual(200, answer.status_code)
        return {
            (
                sample.name,
                *(value for _, value in sorted(sample.labels.items())),
            ): sample.value
            for family in parser.text_string_to_metric_families(answer.text)
            for sample in family.samples
        }
