# SPDX-License-Identifier: Apache-2.0
"""Answers that nobody would think of, and some that somebody has sent."""

import dataclasses
import itertools
import json

from hypothesis import strategies as st

from tests.field import registry as field_registry

_STATUSES = (
    *(200, 201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308, 400, 401),
    *(402, 403, 404, 405, 406, 408, 409, 410, 412, 413, 416, 418, 421, 423),
    *(425, 426, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 507, 508),
    *(511, 520, 522, 524, 530, 599, 999),
)
_SHA256 = "sha256:" + "0" * 64
#: What may be said in a header; HOST is the registry's own.
_HEADERS = {
    "WWW-Authenticate": (
        *("Bearer realm=", "Bearer", "Basic", 'Basic realm="x"', ",,=,"),
        *('Bearer realm="http://HOST/token",service=,scope=', "\xff\xfe"),
        *('Bearer realm="http://HOST/token",service="s"', "Negotiate abc=="),
        *('Bearer realm="http://[::1"', 'Bearer realm="ftp://x/"'),
    ),
    "Location": (
        *("", "/", "http://HOST/v2/", "http://[", "//", "ftp://x/", "?"),
        *("http://127.0.0.1:1/gone", "http://HOST:x/", "\xff", "/v2/a b"),
    ),
    "Retry-After": (
        *("0", "1", "-5", "x", "1e999", "9" * 30, "2.5", ""),
        *("Wed, 21 Oct 2099 07:28:00 GMT", "Wed, 99 Foo 2099"),
    ),
    "RateLimit-Remaining": ("0", "0;w=1", "x", "9" * 30, "-1"),
    "RateLimit-Reset": ("1", "x", "9" * 30),
    "Docker-Content-Digest": (_SHA256, "sha256:", "md5:0", "x", "\xff", ""),
    "Content-Type": (
        *("text/html", "application/json", "x", "\xff", ""),
        *("application/vnd.oci.image.index.v1+json; charset=UTF-8",),
    ),
    "Content-Range": ("bytes 0-0/1", "bytes */5", "x", "bytes 9-1/0"),
    "Content-Encoding": ("gzip", "zstd", "x"),
    "Link": ('<>; rel="next"', '<http://HOST/v2/>; rel="next"', "x"),
    "Content-Length": ("0", "1", "5", "x", "-1", "9" * 30),
    "Transfer-Encoding": ("chunked", "x"),
}
#: Keys and values of documents, of which some mean something.
_WORDS = st.sampled_from(
    (
        *("schemaVersion", "mediaType", "config", "layers", "manifests"),
        *("digest", "size", "platform", "os", "architecture", "errors"),
        *("code", "message", "detail", "token", "access_token", "tags"),
        *("expires_in", "issued_at", "TOOMANYREQUESTS", "DENIED", _SHA256),
        *("linux", "amd64", "MANIFEST_UNKNOWN", "NAME_UNKNOWN", "", "\0"),
    )
)
_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True)
    | _WORDS
    | st.text(max_size=8)
)
_DOCUMENTS = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(_WORDS, inner, max_size=5)
    ),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())
_BODIES = (
    st.binary(max_size=64)
    | _DOCUMENTS
    | st.sampled_from(
        (
            b"<html><title>502</title>bad</html>",
            b"[" * 100_000,
            b'{"schemaVersion": 1e999, "config": {"size": 1e999}}',
        )
    )
)


@dataclasses.dataclass(frozen=True)
class Answer:
    """What is sent for one request.

    :ivar most: bytes of the body after which the connection is cut
    :ivar is_silent: it is cut before the answer
    :ivar echoes: the body repeats the login that the request had
    """

    status: int
    headers: dict[str, str]
    body: bytes
    most: int | None
    is_silent: bool
    echoes: bool

    def send(self, handler: field_registry.Handler) -> bool:
        """Send it."""
        handler.close_connection = True
        if self.is_silent:
            return True
        body = self.body
        if self.echoes:
            known = handler.headers.get("Authorization")
            said = {"code": "DENIED", "message": f"not with {known}"}
            body = json.dumps({"errors": [said]}).encode()
        handler.send_response(self.status)
        headers = {"Content-Length": str(len(body))} | self.headers
        for name, text in headers.items():
            text = text.replace("HOST", handler.owner.host)
            handler.send_header(name, text)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body[: self.most])
        return True


_ANSWERS = st.builds(
    Answer,
    status=st.sampled_from(
        [200] * len(_STATUSES) + [401] * (len(_STATUSES) // 2) + [*_STATUSES]
    ),
    headers=st.lists(
        st.sampled_from(sorted(_HEADERS)).flatmap(
            lambda name: st.tuples(
                st.just(name), st.sampled_from(_HEADERS[name])
            )
        ),
        max_size=4,
    ).map(dict),
    body=_BODIES,
    most=st.none() | st.integers(0, 200),
    is_silent=st.sampled_from([False] * 9 + [True]),
    echoes=st.sampled_from([False] * 9 + [True]),
)


@dataclasses.dataclass(frozen=True)
class Script:
    """What a registry does.

    :ivar challenge: asked for where a request has no login; None for nowhere
    :ivar good: requests that are answered well at first, and so lead deeper
        into a copy
    :ivar answers: of the others in turn, None for good ones
    """

    challenge: str | None
    good: int
    answers: list[Answer | None]


SCRIPTS = st.builds(
    Script,
    challenge=st.sampled_from(
        [None, 'Basic realm="x"', 'Bearer realm="http://HOST/token"']
    ),
    good=st.integers(0, 6),
    answers=st.lists(st.none() | _ANSWERS, min_size=1, max_size=6).filter(any),
)
_TOKEN = b'{"token": "a-token-nobody-may-see"}'


def play(registry: field_registry.Registry, script: Script) -> None:
    """Let a registry answer in turns, over and over."""
    turns = itertools.chain(
        itertools.repeat(None, script.good), itertools.cycle(script.answers)
    )

    def act(handler: field_registry.Handler) -> bool:
        if script.challenge and not handler.headers.get("Authorization"):
            said = script.challenge.replace("HOST", registry.host)
            return handler.error(401, "UNAUTHORIZED", WWW_Authenticate=said)
        answer = next(turns)
        return answer is not None and answer.send(handler)

    registry.on("/token", field_registry.answer(200, _TOKEN))
    registry.on("", act)
