# SPDX-License-Identifier: Apache-2.0
"""Bodies of webhooks."""

import gzip
import json
import urllib.parse

from tests.field import hooks
from tests.field.row import row

FORM = "application/x-www-form-urlencoded"
DIGEST = hooks.digest("image")


def _package(tag="1"):
    """Give what GitHub sends of a package of the account Team."""
    return {
        "action": "published",
        "package": {
            "name": "App",
            "package_type": "CONTAINER",
            "owner": {"login": "Team"},
            "package_version": {
                "container_metadata": {"tag": {"name": tag, "digest": DIGEST}}
            },
        },
    }


def _not_listed(field, name, answer):
    """Hold that a body was read: the list has nothing of the kind."""
    reasons = hooks.ignored(field, answer)
    field.assertEqual([(name, "not_listed")], reasons, answer.text)


def _nothing_listed():
    hooks.service().process.list.write_text("")


@row(
    "GitHub's webhook with the content type that GitHub proposes: a form "
    "with the field payload.",
    "It is read; the signature is checked over the form as it came.",
)
def a_form(field):
    # docs.github.com/webhooks/using-webhooks/creating-webhooks; capitals of
    # accounts and of package types as GitHub shows them.
    _nothing_listed()
    text = json.dumps(_package())
    body = urllib.parse.urlencode({"payload": text}).encode()
    headers = {"X_GitHub_Event": "package", "Content_Type": FORM}
    answer = hooks.send("github", body, **headers)
    _not_listed(field, "ghcr.io/team/app:1", answer)
    answer = hooks.send("github", body, secret="x" * 20, **headers)
    field.assertEqual(401, answer.status_code)
    answer = hooks.send("github", b"action=published", **headers)
    field.assertEqual(400, answer.status_code)
    field.assertIn("Choose the content type application/json", answer.text)


@row(
    "A proxy packs the body with gzip, a script writes a byte order mark, "
    "an old appliance sends ISO 8859-1, curl calls its JSON a form.",
    "All of them are read. A body that grows beyond 1 MiB, or is packed in "
    "another way, is refused with what to do.",
)
def packings(field):
    _nothing_listed()
    told = {"name": "r.example.org/team/app", "tag": "1", "by": "J\xf6rg"}
    text = json.dumps(told, ensure_ascii=False)
    plain = text.encode()
    for body, headers in (
        (gzip.compress(plain), {"Content_Encoding": "gzip"}),
        (b"\xef\xbb\xbf" + plain, {"Content_Type": "application/json"}),
        (
            text.encode("latin-1"),
            {"Content_Type": "application/json; charset=ISO-8859-1"},
        ),
        (text.encode("utf-16"), {"Content_Type": "text/json"}),
        (plain, {"Content_Type": FORM}),
    ):
        answer = hooks.send("generic", body, **headers)
        _not_listed(field, "r.example.org/team/app:1", answer)
    for body, encoding, word in (
        (gzip.compress(b" " * 3_000_000), "gzip", "unpacked"),
        (plain, "br", "gzip"),
        (plain, "gzip", "Content-Encoding"),
    ):
        answer = hooks.send("generic", body, Content_Encoding=encoding)
        field.assertEqual(400, answer.status_code)
        field.assertIn(word, answer.json()["errors"][0]["detail"])


@row(
    "Amazon SNS stands before EventBridge's events: text/plain, and the "
    "event as a text in the field Message.",
    "It is read. The request for a confirmation is answered with the address "
    "that a person opens once; no address of a body is called.",
)
def sns(field):
    # docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
    _nothing_listed()
    event = {
        "id": "1",
        "detail-type": "ECR Image Action",
        "account": "123456789012",
        "region": "eu-west-1",
        "detail": {
            "result": "SUCCESS",
            "repository-name": "team/app",
            "image-digest": DIGEST,
            "action-type": "PUSH",
            "image-tag": "1",
        },
    }
    message = {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:images"}
    plain = {"Content_Type": "text/plain; charset=UTF-8"}
    told = message | {"Type": "Notification", "Message": json.dumps(event)}
    host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    answer = hooks.send("ecr", told, **plain)
    _not_listed(field, f"{host}/team/app:1", answer)
    registry = field.registry()
    url = f"http://{registry.host}/?Action=ConfirmSubscription&Token=1"
    told = message | {
        "Type": "SubscriptionConfirmation",
        "SubscribeURL": url,
    }
    answer = hooks.send("ecr", told, **plain)
    field.assertEqual([(None, "ping")], hooks.ignored(field, answer))
    field.assertIn(url, answer.json()["ignored"][0]["detail"])
    field.assertIn(url, hooks.service().process.log.read_text())
    field.assertEqual([], registry.seen)


@row(
    "CloudEvents come in a batch, one of which cannot be understood.",
    "The others are read; that one is ignored with the reason.",
)
def a_batch(field):
    # github.com/cloudevents/spec, HTTP binding, section 3.3.
    _nothing_listed()
    one = {
        "specversion": "1.0",
        "id": "1",
        "type": "harbor.artifact.pushed",
        "data": {
            "resources": [
                {"digest": DIGEST, "tag": "1"},
                {"digest": DIGEST, "tag": None},
            ],
            "repository": {"repo_full_name": "team/app"},
        },
    }
    one["data"]["resources"][0]["resource_url"] = "h.example.org/team/app:1"
    one["data"]["resources"][1]["resource_url"] = "h.example.org/team/app"
    answer = hooks.send(
        "harbor",
        [one, {"specversion": "1.0"}],
        Content_Type="application/cloudevents-batch+json; charset=utf-8",
    )
    field.assertEqual(
        [
            ("h.example.org/team/app:1", "not_listed"),
            ("h.example.org/team/app", "no_tag"),
            (None, "not_for_images"),
        ],
        hooks.ignored(field, answer),
    )


@row(
    "Azure's Event Grid asks with a code, or with OPTIONS, whether it may "
    "send, and sends lists of events.",
    "Both questions are answered, and the events read.",
)
def event_grid(field):
    # learn.microsoft.com/azure/event-grid/webhook-event-delivery
    _nothing_listed()
    asked = {
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6", "validationUrl": "http://x/"},
    }
    answer = hooks.send("acr", [asked])
    field.assertEqual([(None, "ping")], hooks.ignored(field, answer))
    field.assertEqual("512d38b6", answer.json()["validationResponse"])
    answer = hooks.service().caller.call(
        "OPTIONS",
        "/v1/notify/acr",
        headers={"WebHook-Request-Origin": "eventgrid.azure.net"},
    )
    field.assertEqual(
        "eventgrid.azure.net", answer.headers["WebHook-Allowed-Origin"]
    )
    pushed = {
        "eventType": "Microsoft.ContainerRegistry.ImagePushed",
        "data": {
            "id": "1",
            "action": "push",
            "target": {
                "mediaType": hooks.MANIFEST,
                "digest": DIGEST,
                "repository": "team/app",
                "tag": "1",
            },
            "request": {"host": "demo.azurecr.io"},
        },
    }
    answer = hooks.send("acr", [pushed])
    _not_listed(field, "demo.azurecr.io/team/app:1", answer)


@row(
    "Gitea or Forgejo tells of a package: with GitHub's headers, and a body "
    "of its own.",
    "The format github reads it, deletions as well.",
)
def gitea(field):
    # go-gitea/gitea, modules/structs/package.go and services/webhook.
    _nothing_listed()
    package = {
        "type": "container",
        "owner": {"login": "Team"},
        "name": "app",
        "version": "1",
        "html_url": "https://git.example.org/Team/-/packages/container/app/1",
    }
    for action in ("created", "deleted"):
        answer = hooks.send(
            "github",
            {"action": action, "package": package},
            X_GitHub_Event="package",
            X_Gitea_Event="package",
        )
        _not_listed(field, "git.example.org/team/app:1", answer)


@row(
    "Somebody who has overheard a call of Nexus sends it again under another "
    "id, which no signature covers.",
    "It is ignored as repeated: the signed body is what is known.",
)
def a_replay(field):
    service = hooks.service()
    service.process.list.write_text("r.example.org/team/*\n")
    body = {
        "timestamp": "2026-01-02T03:04:05.678+0000",
        "action": "CREATED",
        "component": {"format": "docker", "name": "team/app", "version": "1"},
    }
    headers = {"X_Nexus_Webhook_Id": "rm:repository:component"}
    answer = hooks.send("nexus", body, X_Nexus_Webhook_Delivery="1", **headers)
    operation = hooks.made(field, answer)
    answer = hooks.send("nexus", body, X_Nexus_Webhook_Delivery="2", **headers)
    field.assertEqual(
        [("r.example.org/team/app:1", "repeated")],
        hooks.ignored(field, answer),
    )
    service.caller.call("DELETE", f"/v1/operations/{operation['id']}")


@row(
    "A webhook has a wrong secret, or an address that no receiver has.",
    "401, with a text that names both; nothing tells which of them it is.",
)
def a_wrong_secret(field):
    texts = set()
    for name, secret in (("harbor", "x" * 20), ("no-such", hooks.SECRET)):
        answer = hooks.send(name, {}, secret=secret)
        field.assertEqual(401, answer.status_code)
        texts.add(answer.json()["errors"][0]["detail"])
    [text] = texts
    field.assertIn("Unknown receiver, or wrong secret", text)
