# SPDX-License-Identifier: Apache-2.0
"""The description of the API is the API."""

import json
from pathlib import Path
import re
import uuid

import jsonschema
import testtools
import webob.exc

from reposync import exception
from reposync.api.controllers import base as controllers
from reposync.api.controllers import root
from reposync.api.openapi import document
from tests.unit.api import base

ROOT = Path(__file__).parents[3]
METHODS = ("get", "put", "post", "delete")


def routes(controller, path=""):
    """Walk the controllers; gives paths and methods, ``{}`` for a name."""
    for method in METHODS:
        if hasattr(controller, method):
            yield path or "/", method
    for name, part in vars(type(controller)).items():
        if isinstance(part, controllers.Resource):
            yield from routes(part, f"{path}/{name}")
    if hasattr(controller, "_lookup"):
        try:
            found, _ = controller._lookup(str(uuid.uuid4()))
        except (exception.NotFound, webob.exc.HTTPNotFound):
            return
        yield from routes(found, f"{path}/{{}}")


def described():
    """List the same of the description."""
    return {
        (re.sub(r"{\w+}", "{}", path), method)
        for path, methods in document.DOCUMENT["paths"].items()
        for method in methods
        if method in METHODS
    }


class DocumentTest(testtools.TestCase):
    """What is described."""

    def test_it_has_all_routes_and_no_other(self):
        found = set(routes(root.RootController()))
        self.assertIn(("/v1/images/{}", "delete"), found)
        self.assertEqual(found | {("/healthcheck", "get")}, described())

    def test_the_reference_has_all_routes_and_no_other(self):
        told = set()
        for path in (ROOT / "api-ref/source").glob("*.inc"):
            for method, place in re.findall(
                r"rest_method:: (\w+) (\S+)", path.read_text()
            ):
                told.add((re.sub(r"{\w+}", "{}", place), method.lower()))
        self.assertEqual(described(), told)

    def test_schemas_are_schemas(self):
        for name, schema in document.DOCUMENT["components"]["schemas"].items():
            jsonschema.Draft202012Validator.check_schema(schema)
            text = json.dumps(schema)
            for used in re.findall(r"#/components/schemas/(\w+)", text):
                self.assertIn(used, document.DOCUMENT["components"]["schemas"])
            self.assertNotIn("$schema", text, name)

    def test_the_samples_of_the_reference_fit(self):
        samples = ROOT / "api-ref/source/samples"
        paths = document.DOCUMENT["paths"]
        for name, path, method, status in (
            ("versions", "/", "get", "300"),
            ("version", "/v1", "get", "200"),
            ("images-list", "/v1/images", "get", "200"),
            ("image-show", "/v1/images/{image_id}", "get", "200"),
            ("image-pull", "/v1/images", "put", "202"),
            ("image-delete", "/v1/images/{image_id}", "delete", "202"),
            ("sync", "/v1/sync", "put", "202"),
            ("operations-list", "/v1/operations", "get", "200"),
            ("operation-show", "/v1/operations/{operation_id}", "get", "200"),
            ("operation-cancel", "/v1/operations/{operation_id}", "delete",
             "202"),
            ("repositories-list", "/v1/repositories", "get", "200"),
            ("notify", "/v1/notify", "post", "202"),
            ("notify-receiver", "/v1/notify/{receiver}", "post", "202"),
            ("error", "/v1/images", "get", "400"),
        ):  # fmt: skip
            answer = paths[path][method]["responses"][status]
            schema = answer["content"]["application/json"]["schema"]
            whole = schema | {"components": document.DOCUMENT["components"]}
            text = (samples / f"{name}-response.json").read_text()
            jsonschema.Draft202012Validator(whole).validate(json.loads(text))


class ServedTest(base.ApiTestCase):
    """Where it is."""

    def test_it_is_served_without_a_token(self):
        self.headers = {}
        answer = self.call("GET", "/v1/openapi.json", 200)
        self.assertEqual("application/json", answer.content_type)
        self.assertEqual(document.DOCUMENT, answer.json)
