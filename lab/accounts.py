# SPDX-License-Identifier: Apache-2.0
"""The projects, users and services in the lab's Keystone."""

import json
from typing import Any
import urllib.request

from lab import state as lab_state

#: Bump it when the accounts below change.
VERSION = 2
#: Users of the service project; they are administrators.
SERVICES = ("glance", "reposync")
#: Users with one role in one project; they share a password.
USERS = {
    "demo-admin": ("demo", "admin"),
    "demo-manager": ("demo", "manager"),
    "demo-member": ("demo", "member"),
    "demo-reader": ("demo", "reader"),
    "demo-service": ("demo", "service"),
    "other-manager": ("other", "manager"),
}
_ROLES = ("reader", "member", "manager", "service")


def fill(state: lab_state.State, url: str, ports: dict[str, int]) -> None:
    """Make what is missing, and bring the catalogue up to date."""
    keystone = _Keystone(url, state.password("admin"))
    for role in _ROLES:
        keystone.ensure("role", name=role)
    projects = {
        name: keystone.ensure("project", name=name, domain_id="default")
        for name in ("service", "demo", "other")
    }
    for name in SERVICES:
        user = keystone.user(name, state.password(name))
        for role in ("admin", "service"):
            keystone.grant(projects["service"], user, role)
    for name, (project, role) in USERS.items():
        user = keystone.user(name, state.password("demo"))
        keystone.grant(projects[project], user, role)
    for kind, name, port in (
        ("image", "glance", ports["glance"]),
        ("image-sync", "reposync", ports["reposync"]),
    ):
        keystone.register(kind, name, f"http://127.0.0.1:{port}")


class _Keystone:
    """Makes things unless they are there."""

    def __init__(self, url: str, password: str):
        self._url, self._token = url, ""
        body = {
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {
                        "user": {
                            "name": "admin",
                            "domain": {"id": "default"},
                            "password": password,
                        }
                    },
                },
                "scope": {
                    "project": {"name": "admin", "domain": {"id": "default"}}
                },
            }
        }
        _, headers = self._call("POST", "/auth/tokens", body)
        self._token = headers["X-Subject-Token"]

    def ensure(self, kind: str, **values: Any) -> str:
        listed, _ = self._call("GET", f"/{kind}s?name={values['name']}")
        found = listed[f"{kind}s"]
        if not found:
            made, _ = self._call("POST", f"/{kind}s", {kind: values})
            found = [made[kind]]
        return str(found[0]["id"])

    def user(self, name: str, password: str) -> str:
        user = self.ensure("user", name=name, domain_id="default")
        secret = {"user": {"password": password}}
        self._call("PATCH", f"/users/{user}", secret)
        return user

    def grant(self, project: str, user: str, role: str) -> None:
        role_id = self.ensure("role", name=role)
        self._call("PUT", f"/projects/{project}/users/{user}/roles/{role_id}")

    def register(self, kind: str, name: str, url: str) -> None:
        service = self.ensure("service", name=name, type=kind)
        listed, _ = self._call("GET", f"/endpoints?service_id={service}")
        known = {each["interface"]: each["id"] for each in listed["endpoints"]}
        for interface in ("public", "internal", "admin"):
            endpoint = {
                "service_id": service,
                "interface": interface,
                "url": url,
                "region_id": "RegionOne",
            }
            place = known.get(interface)
            path = f"/endpoints/{place}" if place else "/endpoints"
            method = "PATCH" if place else "POST"
            self._call(method, path, {"endpoint": endpoint})

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self._url}/v3{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "X-Auth-Token": self._token,
            },
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            content = answer.read()
            return json.loads(content or b"{}"), answer.headers
