# SPDX-License-Identifier: Apache-2.0
"""Bodies of webhooks, in each format, with their headers."""

from collections.abc import Iterator
import gzip
import json
from pathlib import Path
import urllib.parse

import stevedore

from reposync import exception
from reposync import reference as ref
from reposync.api.webhooks import events
from reposync.webhooks import authentication
from reposync.webhooks import base
from reposync.webhooks import callbacks
from reposync.webhooks import receivers
from tests.fuzz import bounds
from tests.fuzz import message
from tests.fuzz.bounds import require
from tests.fuzz.bounds import Target

ROOT = Path(__file__).parents[2] / "fixtures/webhooks"
SAMPLES = Path(__file__).parents[3] / "doc/source/_samples/webhooks"
FORMATS = {
    each.name: each.plugin
    for each in stevedore.ExtensionManager("reposync.webhooks")
}
_HOSTS = ("registry.hub.docker.com", "u.example:8443")


def _seeds() -> Iterator[bytes]:
    for path in sorted(ROOT.glob("*/*.json")):
        sample = json.loads(path.read_text())
        fields = {
            name.lower(): text for name, text in sample["headers"].items()
        }
        yield message.write(
            sample["body"], **{"format": path.parent.name} | fields
        )
    for path in sorted(SAMPLES.glob("*.json")):
        yield message.write(path.read_bytes(), format=path.stem)
    body = json.dumps([{"name": "r.example/a/b", "tag": "1"}] * 2).encode()
    for content, fields in (
        (body, {"content_type": "application/json; charset=utf-8"}),
        (gzip.compress(body), {"content_encoding": "gzip"}),
        (b"payload=" + urllib.parse.quote(body).encode(), {}),
        (body.decode().encode("utf-16"), {}),
        ('{"a": "é"}'.encode("latin-1"),
         {"content_type": "text/plain; charset*0*=utf-8''iso-8859-1"}),
    ):  # fmt: skip
        yield message.write(content, format="generic", **fields)


def _run(data: bytes) -> None:
    headers, body = message.read(data)
    known = FORMATS.get(headers.get("format", ""), FORMATS["generic"])
    receiver = receivers.Receiver("x", known.parse, lambda *_: True)
    for event in receiver.events(headers, body):
        _check(event)
        receivers._moved(event, "r.example:5000")


def _check(event: base.Event) -> None:
    require(event.action in ("push", "delete", "ping", "ignore"), "an action")
    if event.note is not None:
        bounds.check_text(event.note)
    if event.digest is not None:
        require(base.digest(event.digest), "a digest", event)
    if event.delivery_id is not None:
        require(isinstance(event.delivery_id, str), "an id", event)
    if event.reply is not None:
        json.dumps(dict(event.reply))
    if callbacks.allowed(event.callback_url, _HOSTS):
        host = urllib.parse.urlsplit(event.callback_url).hostname
        require(host in ("registry.hub.docker.com", "u.example"), "a host")
    if event.reference is None or events.is_attachment(event):
        return
    bounds.check_text(str(event.reference))
    _check_name(event)


def _check_name(event: base.Event) -> None:
    reference = event.reference
    require(base.is_host(reference.registry), "no host", reference)
    if reference.tag is None and event.digest is None:
        return
    target = events._target(event)
    again = ref.Reference.parse(str(target))
    require(again == target, "it does not parse back", target)


def _caller_seeds() -> Iterator[bytes]:
    yield message.write(b"token=abc&token=x", authorization="Basic dTpw")
    yield message.write(b"token=a+b%2B", x_signature="sha256=00ff")


def _callers(data: bytes) -> None:
    """Let nobody in who does not know the secret."""
    headers, body = message.read(data)
    for way in ("query", "header", "basic", "hmac-sha256", "hmac-sha1"):
        check = authentication.make(way, "X-Signature", [bounds.SECRET])
        require(check(headers, body, body) is False, "let in", way)


TARGETS = {
    "webhooks": Target(_run, _seeds, (exception.InvalidWebhook,)),
    "secrets": Target(_callers, _caller_seeds, ()),
}
