# SPDX-License-Identifier: Apache-2.0
"""A registry in memory that misbehaves where it is told to.

It takes pushes (`lab.images` pushes to it) and serves manifests, blobs
with ranges, and lists of tags.  What a row puts in front decides about single
requests.
"""

from collections import Counter
from collections.abc import Callable
import dataclasses
import hashlib
import itertools
import json
from pathlib import Path
import re
import urllib.parse

from tests.fixtures import http
from tests.fixtures import tls

#: What answers a request; true if it did.
Action = Callable[["Handler"], object]


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """A request; the names of headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]


class Registry(http.HttpServer):
    """Serves what was pushed to it.

    :param folder: with certificates, for TLS under the name localhost
    :ivar host: as names of images have it
    :ivar seen: all requests but those that push
    """

    def __init__(self, folder: Path | None = None):
        super().__init__(Handler)
        self.folder = folder
        self.seen: list[Seen] = []
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.tags: dict[tuple[str, str], str] = {}
        self.rules: list[tuple[re.Pattern[str], Action]] = []

    def _setUp(self):
        super()._setUp()
        if self.folder:
            self.host = self.host.replace("127.0.0.1", "localhost")

    def wrap(self, listening):
        return tls.wrap(listening, self.folder) if self.folder else listening

    @property
    def url(self) -> str:
        """The scheme and the host."""
        return f"{'https' if self.folder else 'http'}://{self.host}"

    def on(self, pattern: str, action: Action) -> None:
        """Let requests be answered by an action; the latest rule wins.

        :param pattern: found in ``METHOD /path?query``; an action that
            returns nothing leaves the request to the rules before it
        """
        self.rules.insert(0, (re.compile(pattern), action))

    def count(self, pattern: str) -> int:
        """Count the requests in which a pattern is found."""
        lines = (f"{each.method} {each.path}" for each in self.seen)
        return sum(bool(re.search(pattern, line)) for line in lines)

    def repeats(self) -> Counter[tuple[str, str, str]]:
        """Count equal requests: method, path, range."""
        return Counter(
            (each.method, each.path, each.headers.get("range", ""))
            for each in self.seen
        )


class Handler(http.Handler):
    """One connection."""

    owner: Registry

    def do_GET(self):
        headers = {name.lower(): text for name, text in self.headers.items()}
        self.owner.seen.append(Seen(self.command, self.path, headers))
        line = f"{self.command} {self.path}"
        for pattern, action in list(self.owner.rules):
            if pattern.search(line) and action(self):
                return
        self.serve()

    do_HEAD = do_GET

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.path.startswith("/v2/"):
            self.do_GET()
            return
        self.answer(202, Location=f"{self.owner.url}{self.path}upload")

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        repository, kind, name = self.place()
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        if kind == "blobs":
            self.owner.blobs[digest] = body
        else:
            media_type = self.headers["Content-Type"]
            self.owner.manifests[digest] = media_type, body
            self.owner.tags[repository, name] = digest
        self.answer(201)

    def place(self):
        """Cut the path into repository, kind and name."""
        path = urllib.parse.unquote(self.path.partition("?")[0])
        found = re.fullmatch(r"/v2/(.+)/(manifests|blobs|tags)/(.+)", path)
        return found.groups() if found else ("", "", "")

    def content(self):
        """Find what was asked for: headers and body; None if nothing is."""
        repository, kind, name = self.place()
        if kind == "blobs" and name in self.owner.blobs:
            return {"Docker-Content-Digest": name}, self.owner.blobs[name]
        if kind == "manifests":
            digest = self.owner.tags.get((repository, name), name)
            if digest in self.owner.manifests:
                media_type, body = self.owner.manifests[digest]
                headers = {"Content-Type": media_type}
                return headers | {"Docker-Content-Digest": digest}, body
        if kind == "tags":
            known = sorted(t for r, t in self.owner.tags if r == repository)
            body = json.dumps({"name": repository, "tags": known})
            return {"Content-Type": "application/json"}, body.encode()
        return None

    def serve(self, *, ranges=True, most=None, **changes):
        """Answer as a good registry does, up to a point.

        :param ranges: False to send the whole where a part was asked for
        :param most: cut the connection after so many bytes of the body
        :param changes: headers that differ; None for one that is left out
        """
        if self.path.partition("?")[0] == "/v2/":
            return self.answer(200, b"{}")
        found = self.content()
        if found is None:
            return self.error(404, self.missing())
        headers, body = found
        start = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        status = 200
        if start and ranges:
            first, status = int(start[1]), 206
            last = len(body) - 1
            headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            body = body[first:]
        headers["Content-Length"] = str(len(body))
        for name, text in changes.items():
            headers[name.replace("_", "-")] = text
        self.send_response(status)
        for name, text in headers.items():
            if text is not None:
                self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:most])
            self.close_connection |= most is not None
        return True

    def error(self, status, code, message="", **headers):
        """Answer with an error as registries write it; returns true."""
        value = {"errors": [{"code": code, "message": message or code}]}
        headers = {"Content_Type": "application/json"} | headers
        self.answer(status, json.dumps(value).encode(), **headers)
        return True

    def missing(self):
        """Give the code of what is not there."""
        return {
            "blobs": "BLOB_UNKNOWN",
            "manifests": "MANIFEST_UNKNOWN",
        }.get(self.place()[1], "NAME_UNKNOWN")


def answer(status: int, body: bytes = b"", **headers: object) -> Action:
    """Make an action that always gives the same answer.

    Names of headers are written with ``_`` for ``-``.
    """

    def act(handler: Handler) -> bool:
        handler.answer(status, body, **headers)
        return True

    return act


def error(status: int, code: str, message: str = "", **headers: object):
    """Make an action that refuses in the words of a registry."""
    return lambda handler: handler.error(status, code, message, **headers)


def serve(**how: object) -> Action:
    """Make an action of `Handler.serve` with some of its parameters."""
    return lambda handler: handler.serve(**how)


def times(number: int, action: Action) -> Action:
    """Let an action answer the first requests only."""
    turns = itertools.count()

    def act(handler: Handler) -> object:
        return next(turns) < number and action(handler)

    return act
