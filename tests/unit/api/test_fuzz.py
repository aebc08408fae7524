# SPDX-License-Identifier: Apache-2.0
"""The whole API, fuzzed from its description.

No answer is a 500, and every one is described: its status, its type, its
form.
"""

import copy
import json
import logging
from pathlib import Path

import hypothesis
import schemathesis
from schemathesis import generation
from schemathesis.specs.openapi import checks as openapi_checks
import testscenarios

from reposync.api.openapi import document
from reposync.conf import receiver as receiver_conf
from reposync.db.queue import operations
from reposync.drivers import base as driver
from tests.contract import operations as contract
from tests.unit.api import base

SECRET = "the-secret-of-the-receiver"
MODES = (
    generation.GenerationMode.POSITIVE,
    generation.GenerationMode.NEGATIVE,
)
ROOT = Path(__file__).parents[2] / "fixtures/webhooks"
FORMATS = ("acr", "aliyun", "artifactory", "distribution", "dockerhub", "ecr",
           "gcr", "generic", "github", "harbor", "nexus", "quay",
           "zot")  # fmt: skip
CHECKS = [
    schemathesis.checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.response_headers_conformance,
]
SETTINGS = hypothesis.settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=30,
    suppress_health_check=list(hypothesis.HealthCheck),
)


def calls():
    """List the methods of all paths."""
    return [
        (path, method)
        for path, methods in document.DOCUMENT["paths"].items()
        for method in methods
        if method != "parameters"
    ]


def bodies(pattern):
    """List bodies that registries document."""
    return [
        json.loads(path.read_text())["body"]
        for path in sorted(ROOT.glob(pattern))
    ]


class FuzzTest(testscenarios.WithScenarios, base.ApiTestCase):
    """One method of one path."""

    scenarios = [
        (f"{method} {path}", {"path_": path, "method": method})
        for path, method in calls()
    ]

    def setUp(self):
        super().setUp()
        self.list.write_text("r.example/* delete=yes\nsvendowideit/*\n")
        self.config(transport_url="fake://")
        self.config(receivers=list(FORMATS), group="notify")
        for name in FORMATS:
            group = receiver_conf.register(self.conf, name)
            options = {"format": name, "secret": [SECRET], "auth": "header"}
            options |= {"auth_header": "X-Secret", "registry": "r.example"}
            self.config(**options, group=group)
        self.wsgi = self.make_wsgi()
        self.conductor.shelf = [
            driver.Image(id=str(number), name=f"image{number}", type="docker")
            for number in range(3)
        ]
        logging.getLogger("schemathesis").setLevel(logging.ERROR)

    def described(self):
        """Give the description, with names, secrets and bodies that are known.

        Otherwise nearly all would be refused.
        """
        ended, waiting = (
            operations.submit(
                self.db, contract.request(name, project_id="reposync")
            ).id
            for name in ("a", "b")
        )
        self.finish(ended)
        changed = copy.deepcopy(document.DOCUMENT)
        paths = changed["paths"]
        for path, values in (
            ("/v1/notify/{receiver}", [*FORMATS, "unknown"]),
            ("/v1/notify", [base.WEBHOOK, "wrong"]),
            ("/v1/images/{image_id}", ["0", "1", "unknown"]),
            ("/v1/operations/{operation_id}", [ended, waiting, "x"]),
        ):
            paths[path]["parameters"][0]["schema"]["enum"] = values
        for path, pattern in (
            ("/v1/notify", "dockerhub/*.json"),
            ("/v1/notify/{receiver}", "*/push.json"),
        ):
            content = paths[path]["post"]["requestBody"]["content"]
            content["application/json"]["schema"] = {
                "enum": [*bodies(pattern), {}]
            }
        return changed

    def test_every_answer_is_described(self):
        schema = schemathesis.openapi.from_dict(self.described())
        schema.app = self.wsgi
        schema.config.generation.update(with_security_parameters=False)
        operation = schema[self.path_][self.method.upper()]
        seen = set()
        for mode in MODES if self.takes_anything() else MODES[:1]:
            strategy = operation.as_strategy(generation_mode=mode)

            @SETTINGS
            @hypothesis.given(case=strategy)
            def run(case):
                answer = case.call(headers=self.sent())
                seen.add(answer.status_code)
                case.validate_response(answer, checks=CHECKS)

            run()
        self.assertTrue(any(status < 400 for status in seen), seen)

    def takes_anything(self):
        """Tell whether there is anything that can be sent wrongly."""
        path = document.DOCUMENT["paths"][self.path_]
        call = path[self.method]
        return bool(
            call.get("parameters")
            or path.get("parameters")
            or "requestBody" in call
        )

    @staticmethod
    def sent():
        return {"X-Auth-Token": base.TOKEN, "X-Secret": SECRET}
