# SPDX-License-Identifier: Apache-2.0
"""The main job, step by step; run by tools/demo."""

from collections.abc import Iterator
import contextlib
import json
import os
from pathlib import Path
import subprocess
import sys
import tempfile
from typing import Any

from lab import images
from tests.fixtures import archives
from tests.fixtures import client
from tests.fixtures import cloud
from tests.fixtures import deployment
from tests.fixtures import engines
from tests.fixtures import standalone


def say(text: str) -> None:
    """Announce a step."""
    print(f"\n== {text}", flush=True)


def show(value: Any, *fields: str) -> None:
    """Print the fields of an object that matter here."""
    chosen = {key: value[key] for key in fields} if fields else value
    print(json.dumps(chosen, indent=2), flush=True)


@contextlib.contextmanager
def embedded(env: dict[str, str]) -> Iterator["Demo"]:
    """Start the whole service in one process."""
    with tempfile.TemporaryDirectory() as directory:
        service = standalone.Standalone(
            Path(directory), standalone.with_mirror(env)
        )
        say("reposync-standalone starts: API, conductor, SQLite, files")
        caller = service.start()
        print(service.log.read_text().split("token (")[0])
        try:
            access = {
                "OS_AUTH_TYPE": "admin_token",
                "OS_ENDPOINT": service.url,
                "OS_TOKEN": caller.headers["X-Auth-Token"],
            }
            lab = {k: v for k, v in env.items() if not k.startswith("OS_")}
            yield Demo(lab | access, caller, service.list, files=service.data)
        finally:
            service.stop()


@contextlib.contextmanager
def deployed(env: dict[str, str]) -> Iterator["Demo"]:
    """Start the service as it is deployed, with one of the lab's engines."""
    known = {engine.server: engine for engine in engines.find(env)}
    engine = known[os.environ.get("REPOSYNC_DEMO_ENGINE") or "docker"]
    env |= {"LAB_DOCKER_HOST": engine.host}
    service = deployment.Deployment(env, int(env["LAB_API_PORT"]))
    say("reposync-api and reposync-conductor start on the lab's servers")
    try:
        service.start()
        users = cloud.Cloud(env)
        caller = client.Client(service.url, users.token())
        print(f"{service.url} is healthy; logged in at {env['OS_AUTH_URL']}")
        yield Demo(env, caller, service.list, users=users, engine=engine)
    finally:
        service.stop()


class Demo:
    """The steps.

    :param files: the data of the standalone mode
    :param users: the cloud of the deployed mode
    :param engine: its engine
    """

    def __init__(
        self,
        env: dict[str, str],
        caller: client.Client,
        listed: Path,
        *,
        files: Path | None = None,
        users: cloud.Cloud | None = None,
        engine: engines.Engine | None = None,
    ):
        self.env, self.caller, self.list = env, caller, listed
        self.files, self.users, self.engine = files, users, engine
        self.registry = env["LAB_REGISTRY"]
        self.repository = deployment.unique("demo/app")
        self.name = f"{self.registry}/{self.repository}"

    def run(self) -> None:
        """Do all steps."""
        self.pull_a_real_image()
        self.check_what_is_stored()
        self.follow_a_tag()
        self.hear_a_webhook()
        self.delete_all()

    def pull_a_real_image(self) -> None:
        """Debian's tools, some hundred MB in several layers."""
        name = f"{self.registry}/demo/debian-tools"
        self.reposync("image", "pull", "--wait", f"{name}:12")
        self.reposync("image", "list", "--filter", name)
        query = {"filter": name}
        answer = self.caller.call("GET", "/v1/images", params=query)
        [self.real] = answer.json()["images"]
        show(self.real, "id", "docker_id", "os", "distribution", "status")

    def reposync(self, *words: str) -> None:
        """Run a command as a user types it."""
        say(f"openstack reposync {' '.join(words)}")
        command = ["openstack", "reposync", *words]
        subprocess.run(command, check=True, env=self.env)

    def check_what_is_stored(self) -> None:
        """What the catalogue stores is what an engine starts."""
        if self.files is not None:
            say("every blob of what the catalogue stored has its digest")
            path = self.files / "images" / self.real["id"] / "image.tar"
            found = archives.image_id(path)
        else:
            say("docker load of what the catalogue stored")
            found = self.load()
        expect(found, self.real[self.what_engines_call_it()])
        print(found)

    def what_engines_call_it(self) -> str:
        """Give the field with the Id that an engine shows of an image."""
        manifests = self.engine is not None and self.engine.manifests
        return "docker_digest" if manifests else "docker_id"

    def load(self) -> str:
        """Load the image into the engine, and remove it again."""
        assert self.users is not None
        assert self.engine is not None
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "image.tar"
            self.users.glance.download_image(self.real["id"], output=str(path))
            return self.engine.load_file(path)

    def follow_a_tag(self) -> None:
        """New, unchanged, changed."""
        for content, outcome in (
            ("one", "created"),
            ("one", "unchanged"),
            ("two", "updated"),
        ):
            print(f"\n-- the tag holds {content!r} now", flush=True)
            self.push(content)
            self.reposync("image", "pull", "--wait", self.name)
            query = {"reference": f"{self.name}:latest", "limit": "1"}
            answer = self.caller.call("GET", "/v1/operations", params=query)
            [done] = answer.json()["operations"]
            expect(done["outcome"], outcome)

    def hear_a_webhook(self) -> None:
        """Docker Hub tells of a push; the lab's registry mirrors the Hub."""
        say(f"POST /v1/notify?token=...: {self.repository} was pushed")
        self.list.write_text("demo/*\n")
        body = {
            "push_data": {"tag": "latest", "pushed_at": 1.4e9},
            "repository": {"repo_name": self.repository},
        }
        answer = self.caller.call(
            "POST",
            "/v1/notify",
            params={"token": deployment.WEBHOOK_TOKEN},
            json=body,
        )
        expect(answer.status_code, 202)
        [accepted] = answer.json()["operations"]
        self.reposync("operation", "wait", accepted["id"])
        done = self.caller.operation(accepted["id"])
        expect(done["outcome"], "created")

    def delete_all(self) -> None:
        """Leave the catalogue as it was."""
        query = {"filter": "*demo/*", "type": "docker"}
        listed = self.caller.call("GET", "/v1/images", params=query).json()
        ids = [image["id"] for image in listed["images"]]
        self.reposync("image", "delete", "--wait", *ids)
        left = self.caller.call("GET", "/v1/images", params=query).json()
        expect(left["images"], [])

    def push(self, content: str) -> None:
        """Push an image to the registry."""
        images.push_image(
            self.registry,
            self.repository,
            "latest",
            {"content": content.encode()},
        )


def expect(found: Any, *wanted: Any) -> None:
    """Fail with a reason unless it is one of the values."""
    if found not in wanted:
        raise SystemExit(f"expected {wanted}, found {found!r}")


def main() -> None:
    """Choose the way to run."""
    way = deployed if "--cloud" in sys.argv[1:] else embedded
    with way(dict(os.environ)) as demo:
        demo.run()


if __name__ == "__main__":
    main()
