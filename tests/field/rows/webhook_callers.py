# SPDX-License-Identifier: Apache-2.0
"""What callers of webhooks do that their documents do not say."""

import base64
import json

from tests.field import hooks
from tests.field.row import row

DIGEST = hooks.digest("image")


@row(
    "Somebody publishes ``hello`` by hand on the topic of Google's registry, "
    "or a message without data: Pub/Sub sends for days what is refused.",
    "It is ignored with what is wrong with it, and taken.",
)
def a_message_that_is_none(field):
    # cloud.google.com/pubsub/docs/handling-failures
    for data in (b"hello", b"[1]", b'{"action": "INSERT", "tag": "x"}'):
        text = base64.b64encode(data).decode()
        message = {"message": {"data": text, "messageId": "1"}}
        answer = hooks.send("gcr", message)
        field.assertEqual(
            [(None, "not_for_images")], hooks.ignored(field, answer)
        )
    answer = hooks.send("gcr", {"message": {"messageId": "1"}})
    field.assertEqual([(None, "not_for_images")], hooks.ignored(field, answer))
    field.assertIn("no message.data", answer.text)


@row(
    "A notification of a tag has no media type, or one that says nothing, "
    "such as ``application/octet-stream``.",
    "It is a push of an image; without a tag it is one of a layer.",
)
def a_plain_media_type(field):
    hooks.service().process.list.write_text("")
    for kind in (None, "application/octet-stream", "application/json"):
        target = {"repository": "team/app", "digest": DIGEST}
        target |= {"mediaType": kind} if kind else {}
        for tag, found in (
            ({"tag": "1"}, ("r.example.org/team/app:1", "not_listed")),
            ({}, (None, "not_for_images")),
        ):
            event = {
                "action": "push",
                "target": target | tag,
                "request": {"host": "r.example.org"},
            }
            answer = hooks.send("distribution", {"events": [event]})
            field.assertEqual([found], hooks.ignored(field, answer))


@row(
    "A build server tells the name as builders print it, with tag and digest: "
    "``r.example.org/team/app:1@sha256:HEX``.",
    "The tag is read, and the digest waited for.",
)
def a_tag_and_a_digest(field):
    hooks.service().process.list.write_text("")
    body = {"name": f"r.example.org/team/app:1@{DIGEST}"}
    answer = hooks.send("generic", json.dumps(body).encode())
    field.assertEqual(
        [("r.example.org/team/app:1", "not_listed")],
        hooks.ignored(field, answer),
    )
