# SPDX-License-Identifier: Apache-2.0
"""Names and patterns."""

from tests.field.row import row
from tests.fixtures import standalone


@row(
    "Names that Docker Hub cannot have: "
    "``docker.io/library/evil.example/app``, ``library/foo/bar``, "
    "``docker.io/localhost/app``.",
    "400 ``invalid_reference``: in short they would be other images' names.",
)
def names_of_no_image(field):
    caller = field.service.caller
    for name in (
        "docker.io/library/evil.example/app",
        "index.docker.io/evil.example/app",
        "library/foo/bar",
        "docker.io/localhost/app",
        "quay.io./team/app",
        "[::g]:5000/app",
        "host:0/app",
    ):
        query = {"imageName": name}
        answer = caller.call("PUT", "/v1/images", params=query)
        field.assertEqual(400, answer.status_code, name)
        field.assertIn("invalid_reference", answer.text)


@row(
    "Webhooks of Docker Hub under the patterns ``docker.io/*``, "
    "``docker.io/busybox*``, ``index.docker.io/team/*``, ``*`` and those of "
    "other registries.",
    "They mean what they say: all of Docker Hub, some official images, one "
    "namespace, everything, nothing. ``*/app``, ``*app``, ``library/*/x`` and "
    "``*.docker.io/*`` are bad lines, with what to write instead.",
)
def patterns(field):
    service = field.start()
    for pattern, name, status in (
        ("docker.io/*", "library/busybox", 202),
        ("docker.io/*", "team/app", 202),
        ("docker.io/busybox*", "library/busybox-a", 202),
        ("docker.io/busybox*", "team/busybox", 403),
        ("index.docker.io/team/*", "team/app", 202),
        ("index.docker.io/team/*", "teams/app", 403),
        ("docker.io/library/*:1.*", "library/app", 202),
        ("docker.io/library/*:2.*", "library/app", 403),
        ("*", "team/app", 202),
        ("*.example.org/*", "team/app", 403),
        ("registry:5000/*", "team/app", 403),
        ("*", "evil.example/app", 400),
    ):
        service.process.list.write_text(f"{pattern}\n")
        answer = service.caller.call(
            "POST",
            "/v1/notify",
            params={"token": standalone.WEBHOOK_TOKEN},
            json={
                "push_data": {"tag": "1.0"},
                "repository": {"repo_name": name},
            },
        )
        field.assertEqual(status, answer.status_code, (pattern, answer.text))
    lines = ["*/app", "*app", "library/*/x", "*.docker.io/*"]
    service.process.list.write_text("\n".join(lines) + "\n")
    found = service.caller.call("GET", "/v1/repositories").json()
    errors = {
        each["id"]: each["error"]["code"] for each in found["repositories"]
    }
    field.assertEqual(dict.fromkeys(lines, "invalid_reference"), errors)
