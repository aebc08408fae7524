# SPDX-License-Identifier: Apache-2.0
"""An engine that says of a registry what it is told to say.

It has the parts of Docker's API with which a copy begins
(https://docs.docker.com/reference/api/engine/).
"""

import json
import re
import urllib.parse

from tests.fixtures import http


class Engine(http.HttpServer):
    """Answers for all names alike.

    :ivar status: of its answers about a registry
    :ivar body: of these answers
    :ivar api: the version of the API that it speaks
    :ivar asked: names of images that it was asked for
    """

    def __init__(self):
        super().__init__(_Handler)
        self.api = "1.51"
        self.asked: list[str] = []
        self.says("")

    def says(self, message: str, status: int = 500) -> None:
        """Refuse in the engine's own form."""
        self.answers(status, json.dumps({"message": message}).encode())

    def answers(self, status: int, body: bytes) -> None:
        """Answer in any form."""
        self.status, self.body = status, body

    @property
    def options(self) -> dict[str, dict[str, str]]:
        """Options by group, with which the service reads through it."""
        return {
            "conductor": {"source": "docker"},
            "docker": {"host": f"tcp://{self.host}"},
        }


class _Handler(http.Handler):
    owner: Engine

    def do_GET(self):
        engine, path = self.owner, urllib.parse.unquote(self.path)
        if path.endswith("/version"):
            value = {"ApiVersion": engine.api, "Version": "0"}
            self.answer(200, json.dumps(value).encode())
        elif found := re.search(r"/distribution/(.+)/json$", path):
            engine.asked.append(found[1])
            self.answer(
                engine.status, engine.body, Content_Type="application/json"
            )
        else:
            self.answer(404, b'{"message":"page not found"}')
