# SPDX-License-Identifier: Apache-2.0
"""Image services of other clouds."""

import itertools
import json

from tests.field.row import row
from tests.fixtures import fake_glance


def _service(test):
    glance = test.useFixture(fake_glance.FakeGlance())
    options = {
        "conductor": {"driver": "glance"},
        "glance": glance.options | {"upload_timeout": "20"},
    }
    return glance, test.start(options)


def _image(test):
    registry = test.registry()
    test.image(registry)
    return f"{registry.host}/team/app:1"


@row(
    "Glance hashes with SHA-256 (``hashing_algorithm = sha256``), or with "
    "something that Python does not know.",
    "The image is there after one upload; it is read back once, and the next "
    "one is compared by the hash that Glance uses.",
)
def another_hash(test):
    glance, service = _service(test)
    registry = test.registry()
    for number, algorithm in enumerate(["sha256", "sha256", "k12", "k12"]):
        glance.algorithm = algorithm
        test.image(registry, tag=f"{number}")
        test.succeeds(f"{registry.host}/team/app:{number}", service)
    test.assertEqual(4, glance.count("PUT .*/file"))
    test.assertEqual(2, glance.count("GET .*/file"))


# Old releases; records made from a location, as Ceph's and Cinder's may be.
@row(
    "Glance names no hash of an image, and perhaps no checksum.",
    "Size and checksum are compared, or the size alone.",
)
def no_hash(test):
    glance, service = _service(test)
    glance.algorithm = None
    for checksums in (True, False):
        glance.checksums = checksums
        test.succeeds(_image(test), service)
    test.assertEqual(2, glance.count("PUT .*/file"))


# https://github.com/rcbops/rpc-openstack/pull/851
@row(
    "A proxy in front of Glance answers 504 to a long upload, and Glance "
    "stores it all the same.",
    "The image is waited for and compared, and not sent again.",
)
def proxy_timeout(test):
    glance, service = _service(test)
    looks = itertools.count()

    def store(handler):
        glance.store(handler.path.split("/")[3], handler.body, "saving")
        return handler.json({}, 504)

    def finish(handler):
        record = glance.records.get(handler.path.split("/")[3])
        if record and record["status"] == "saving" and next(looks) > 2:
            record["status"] = "active"

    glance.on("PUT .*/file", store)
    glance.on("GET /v2/images/[^/?]+$", finish)
    test.succeeds(_image(test), service)
    test.assertEqual(1, glance.count("PUT .*/file"))


# https://support.huaweicloud.com/intl/en-us/api-ims/ims_03_0705.html
@row(
    "The cloud chooses the ids of images itself, answers an upload before the "
    "data is stored, and shows it as active some time later.",
    "The image is waited for and compared, and only then shown.",
)
def stored_later(test):
    glance, service = _service(test)
    looks = itertools.count()

    def rename(handler):
        body = json.loads(handler.body)
        del body["id"]
        handler.body = json.dumps(body).encode()

    def store(handler):
        glance.store(handler.path.split("/")[3], handler.body, "saving")
        return handler.answer(204) or True

    def finish(handler):
        record = glance.records.get(handler.path.split("/")[3])
        if record and record["status"] == "saving" and next(looks) > 2:
            record["status"] = "active"

    glance.on("POST /v2/images", rename)
    glance.on("PUT .*/file", store)
    glance.on("GET /v2/images/[^/?]+$", finish)
    found = test.succeeds(_image(test), service)
    test.assertEqual([found["image"]["id"]], list(glance.records))


@row(
    "The cloud takes images by import only: ``PUT /v2/images/ID/file`` is "
    "403, 404 or 405.",
    "The operation ends at once and names the right that is missing.",
)
def imports_only(test):
    glance, service = _service(test)
    for number, (status, code) in enumerate(
        [(403, "catalogue_denied"), (405, "catalogue_unsuitable")], start=1
    ):
        glance.on(
            "PUT .*/file",
            lambda handler, status=status: handler.json({}, status),
        )
        name = _image(test)
        test.fails(name, code, "upload_image", service=service)
        test.assertEqual(number, glance.count("PUT .*/file"))
        test.assertEqual({}, glance.records)


@row(
    "The cloud ignores filters by the properties of images.",
    "Only images of the same name and tag are replaced.",
)
def filters_ignored(test):
    glance, service = _service(test)
    glance.on(
        r"GET /v2/images\?",
        lambda handler: handler.json(
            {"images": list(glance.records.values())}
        ),
    )
    registry = test.registry()
    for tag in ("1", "2"):
        test.image(registry, tag=tag)
        test.succeeds(f"{registry.host}/team/app:{tag}", service)
    test.assertEqual(2, len(glance.records))


@row(
    "The service catalogue has no image service in the configured region.",
    "The operation ends at once and names ``region_name``.",
)
def no_region(test):
    glance = test.useFixture(fake_glance.FakeGlance())
    options = {
        "conductor": {"driver": "glance"},
        "glance": glance.options | {"region_name": "Elsewhere"},
    }
    service = test.start(options)
    name = _image(test)
    test.fails(name, "catalogue_unsuitable", "region_name", service=service)


def _keep(glance, owner, visibility):
    number = len(glance.records)
    glance.records[f"i{number}"] = {
        "id": f"i{number}",
        "name": f"{visibility} of {owner}",
        "status": "active",
        "container_format": "bare",
        "owner": owner,
        "visibility": visibility,
        "created_at": f"2026-01-01T00:00:{number // 3:02}Z",
    }


def _paged(test, service):
    """List the names of the images in pages of two, as a user does."""
    names, path = [], "/v1/images?limit=2"
    while path:
        page = service.caller.call("GET", path).json()
        names += [image["name"] for image in page["images"]]
        links = {link["rel"]: link["href"] for link in page["links"]}
        path = links.get("next", "").removeprefix(service.caller.url)
    test.assertEqual(len(names), len(set(names)))
    return set(names)


_EVERYBODYS = {"public of a", "public of b", "community of a"}


@row(
    "The account in ``[glance]`` is an administrator's, to which Glance shows "
    "the images of all projects.",
    "Lists show the images of its own project, and public and community ones, "
    "each once and the newest first; others are not found by their id.",
)
def administrators_account(test):
    glance, service = _service(test)
    for owner in ("a", "b"):
        for visibility in ("private", "shared", "public"):
            _keep(glance, owner, visibility)
    _keep(glance, "a", "community")
    _keep(glance, fake_glance.PROJECT, "private")
    own = f"private of {fake_glance.PROJECT}"
    test.assertEqual({own, *_EVERYBODYS}, _paged(test, service))
    answer = service.caller.call("GET", "/v1/images/i0")
    test.assertEqual(404, answer.status_code)


# Releases before Ocata; some clouds show such an API to this day:
# https://support.huaweicloud.com/intl/en-us/tr-central-201-api-ims/en-us_topic_0060804959.html
@row(
    "The cloud knows no community images, or cannot compare times, and "
    "answers 400 to whoever asks for them.",
    "The rest is listed, page by page.",
)
def fewer_questions(test):
    glance, service = _service(test)
    for owner in ("a", "b", fake_glance.PROJECT):
        _keep(glance, owner, "public")
    for asked in ("visibility=community", "created_at="):
        glance.on(asked, lambda handler: handler.json({}, 400))
    own = f"public of {fake_glance.PROJECT}"
    test.assertEqual(
        {own, "public of a", "public of b"}, _paged(test, service)
    )
