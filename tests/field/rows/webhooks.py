# SPDX-License-Identifier: Apache-2.0
"""Webhooks and the registries that send them."""

import hashlib
import json

from tests.field import hooks
from tests.field import registry as answers
from tests.field.row import row


@row(
    "The webhook of a push comes some seconds before the tag can be read, "
    "from a replica of Azure's registry, or behind a cache.",
    "The operation waits in the queue with the error registry_behind, and "
    "the image arrives when the tag is there.",
)
def the_tag_comes_later(field):
    registry = field.registry()
    hooks.listed(registry)
    answer = hooks.send("distribution", hooks.event(registry, "2"))
    operation = hooks.made(field, answer)
    text = hooks.behind(field, operation)
    field.assertIn("asked again", text)
    field.image(registry, tag="2")
    done = hooks.ended(field, operation)
    field.assertEqual("created", done["outcome"], done)
    field.assertEqual(1, done["attempt"])


@row(
    "Docker Hub's webhook, which has no digest, comes before the tag.",
    "Likewise; the address of java-reposync does the same.",
)
def the_tag_comes_later_and_no_digest_was_told(field):
    registry = field.registry()
    hooks.listed(registry)
    body = {
        "docker_url": f"{registry.host}/team/app",
        "repository": "team/app",
        "updated_tags": ["2"],
    }
    operation = hooks.made(field, hooks.send("quay", body))
    hooks.behind(field, operation)
    field.image(registry, tag="2")
    done = hooks.ended(field, operation)
    field.assertEqual("created", done["outcome"], done)


@row(
    "After the webhook the tag points at the old image for a while.",
    "The new image is waited for, by the digest that the webhook told.",
)
def the_tag_is_the_old_one_for_a_while(field):
    registry = field.registry()
    hooks.listed(registry)
    field.image(registry, tag="2")
    first = hooks.made(
        field, hooks.send("distribution", hooks.event(registry, "2"))
    )
    field.assertEqual("created", hooks.ended(field, first)["outcome"])
    new = field.image(registry, tag="elsewhere").digest
    answer = hooks.send("distribution", hooks.event(registry, "2", new))
    operation = hooks.made(field, answer)
    field.assertIn(new, hooks.behind(field, operation))
    registry.tags["team/app", "2"] = new
    done = hooks.ended(field, operation)
    field.assertEqual("updated", done["outcome"], done)
    field.assertEqual(new, done["image"]["docker_digest"])


@row(
    "A second push comes while the first one is waited for.",
    "Its webhook joins the operation that waits, and brings its digest.",
)
def a_second_push_meanwhile(field):
    registry = field.registry()
    hooks.listed(registry)
    body = hooks.event(registry, "2", hooks.digest("first"))
    operation = hooks.made(field, hooks.send("distribution", body))
    hooks.behind(field, operation)
    new = field.image(registry, tag="2").digest
    again = hooks.send("distribution", hooks.event(registry, "2", new))
    field.assertEqual(operation["id"], hooks.made(field, again)["id"])
    done = hooks.ended(field, operation)
    field.assertEqual(new, done["image"]["docker_digest"])


@row(
    "The webhook tells the digest of one platform's manifest, and the tag "
    "points at the index that has it.",
    "The image is copied at once.",
)
def the_digest_of_a_platform(field):
    registry = field.registry()
    hooks.listed(registry)
    field.image(registry, tag="2")
    manifest = registry.tags["team/app", "2"]
    media_type, body = registry.manifests[manifest]
    platform = {"os": "linux", "architecture": "amd64"}
    entry = {
        "mediaType": media_type,
        "digest": manifest,
        "size": len(body),
        "platform": platform,
    }
    kind = "application/vnd.oci.image.index.v1+json"
    index = json.dumps(
        {"schemaVersion": 2, "mediaType": kind, "manifests": [entry]}
    ).encode()
    digest = f"sha256:{hashlib.sha256(index).hexdigest()}"
    registry.manifests[digest] = kind, index
    registry.tags["team/app", "2"] = digest
    answer = hooks.send("distribution", hooks.event(registry, "2", manifest))
    done = hooks.ended(field, hooks.made(field, answer))
    field.assertEqual(digest, done["image"]["docker_digest"], done)
    log = hooks.service().process.log.read_text()
    field.assertNotIn(f"not yet {manifest}", log)


@row(
    "The tag never gets the digest of the webhook: another push was faster, "
    "or the registry stores manifests in another form.",
    "After [notify] settle_seconds what the tag points at is taken, and the "
    "log says so.",
)
def another_digest_than_told(field):
    registry = field.registry()
    hooks.listed(registry)
    there = field.image(registry, tag="2").digest
    told = hooks.digest("never")
    answer = hooks.send("distribution", hooks.event(registry, "2", told))
    done = hooks.ended(field, hooks.made(field, answer))
    field.assertEqual(there, done["image"]["docker_digest"])
    log = hooks.service().process.log.read_text()
    field.assertIn(f"not yet {told}", log)


@row(
    "The tag of a webhook never comes.",
    "After [notify] settle_seconds the operation fails with "
    "reference_not_found.",
)
def the_tag_never_comes(field):
    registry = field.registry()
    hooks.listed(registry)
    answer = hooks.send("distribution", hooks.event(registry, "none"))
    done = hooks.ended(field, hooks.made(field, answer))
    field.assertEqual("failed", done["state"])
    field.assertEqual("reference_not_found", done["error"]["code"])


@row(
    "A person asks for a tag that is not there.",
    "The operation fails at once; nothing is waited for.",
)
def a_person_asks_for_nothing(field):
    registry = field.registry()
    name = f"{registry.host}/team/app:none"
    found = field.fails(name, "reference_not_found")
    field.assertEqual(1, found["attempt"])


@row(
    "The tag can still be read for a while after the webhook of its deletion.",
    "The registry is asked again, and the image is deleted when the tag is "
    "gone.",
)
def a_deletion_comes_later(field):
    registry = field.registry()
    hooks.listed(registry)
    digest = field.image(registry, tag="2").digest
    first = hooks.made(
        field, hooks.send("distribution", hooks.event(registry, "2", digest))
    )
    image = hooks.ended(field, first)["image"]["id"]
    gone = hooks.event(registry, "2", action="delete")
    operation = hooks.made(field, hooks.send("distribution", gone))
    hooks.behind(field, operation)
    del registry.tags["team/app", "2"]
    del registry.manifests[digest]
    field.assertEqual("succeeded", hooks.ended(field, operation)["state"])
    answer = hooks.service().caller.call("GET", f"/v1/images/{image}")
    field.assertEqual(404, answer.status_code)


@row(
    "A webhook is delivered again, with the same id and body, after its "
    "operation failed: GitHub's Redeliver, or Harbor's retries.",
    "It makes a new operation; while that one runs, and when it has "
    "succeeded, a third delivery is ignored as repeated.",
)
def delivered_again_after_a_failure(field):
    registry = field.registry()
    hooks.listed(registry)
    digest = field.image(registry, tag="2").digest
    denied = answers.error(403, "DENIED")
    broken = [True]
    registry.on("/manifests/", lambda handler: broken and denied(handler))
    body = hooks.event(registry, "2", digest)
    first = hooks.made(field, hooks.send("distribution", body))
    field.assertEqual("failed", hooks.ended(field, first)["state"])
    broken.clear()
    second = hooks.made(field, hooks.send("distribution", body))
    field.assertNotEqual(first["id"], second["id"])
    field.assertEqual("created", hooks.ended(field, second)["outcome"])
    reasons = hooks.ignored(field, hooks.send("distribution", body))
    field.assertEqual([f"{registry.host}/team/app:2"], [reasons[0][0]])
    field.assertEqual("repeated", reasons[0][1])


@row(
    "A tag is set to one image, to another, and back to the first; the third "
    "body is the first, byte for byte, and has no id.",
    "Each of them makes an operation.",
)
def the_same_body_for_another_push(field):
    registry = field.registry()
    hooks.listed(registry)
    old = field.image(registry, tag="2").digest
    new = field.image(registry, tag="other").digest
    name = f"{registry.host}/team/app"
    for digest, outcome in (
        (old, "created"), (new, "updated"), (old, "updated"),
    ):  # fmt: skip
        registry.tags["team/app", "2"] = digest
        body = {"name": name, "tag": "2", "digest": digest}
        operation = hooks.made(field, hooks.send("generic", body))
        done = hooks.ended(field, operation)
        field.assertEqual(outcome, done["outcome"], done)


@row(
    "cosign signs an image, and the registry tells of a push of the tag "
    "sha256-HEX.sig, .att or .sbom, or of sha256-HEX alone.",
    "It is ignored as attachment, in any format; a tag of a cache of builds "
    "is one like any other.",
)
def signatures_are_no_images(field):
    # The tags: sigstore/cosign, specs/SIGNATURE_SPEC.md, and the option
    # --attachment-tag-prefix; opencontainers/distribution-spec, "Referrers
    # Tag Schema", which cuts a sha512 off at 64 digits.
    registry = field.registry()
    hooks.listed(registry)
    digest = "sha256-" + "0a" * 32
    name = f"{registry.host}/team/app"
    for tag in (
        digest, f"{digest}.sig", f"{digest}.att", f"{digest}.sbom",
        f"release-{digest}.sig", "sha512-" + "0a" * 64, "sha512-" + "0a" * 32,
    ):  # fmt: skip
        harbor = {
            "type": "PUSH_ARTIFACT",
            "event_data": {
                "resources": [{"tag": tag, "resource_url": f"{name}:{tag}"}],
                "repository": {"repo_full_name": "team/app"},
            },
        }
        for kind, body in (
            ("generic", {"name": name, "tag": tag}),
            ("distribution", hooks.event(registry, tag)),
            ("distribution", hooks.event(registry, tag, action="delete")),
            ("harbor", harbor),
        ):
            reasons = hooks.ignored(field, hooks.send(kind, body))
            field.assertEqual([(f"{name}:{tag}", "attachment")], reasons)
    field.assertEqual([], registry.seen)
    field.image(registry, tag="buildcache-amd64")
    body = hooks.event(registry, "buildcache-amd64")
    operation = hooks.made(field, hooks.send("distribution", body))
    field.assertEqual("created", hooks.ended(field, operation)["outcome"])


@row(
    "A body says by a media type that a Helm chart, a signature or another "
    "artifact was pushed (Distribution with includereferences, Amazon ECR, "
    "Docker Hub, Zot).",
    "It is ignored as not_for_images, with what it is.",
)
def artifacts_are_no_images(field):
    registry = field.registry()
    hooks.listed(registry)
    helm = "application/vnd.cncf.helm.config.v1+json"
    body = hooks.event(registry, "1", hooks.digest("chart"))
    body["events"][0]["target"]["references"] = [{"mediaType": helm}]
    manifest = {"artifactType": "application/vnd.dev.cosign.artifact.sig.v1"}
    for kind, told in (
        ("distribution", body),
        (
            "dockerhub",
            {
                "push_data": {"tag": "1", "media_type": helm},
                "repository": {"repo_name": "team/chart"},
            },
        ),
        (
            "zot",
            {
                "specversion": "1.0",
                "type": "zotregistry.image.updated",
                "data": {
                    "name": "team/app",
                    "reference": "1",
                    "manifest": json.dumps(manifest),
                },
            },
        ),
    ):
        answer = hooks.send(kind, told)
        reasons = hooks.ignored(field, answer)
        field.assertEqual([(None, "not_for_images")], reasons)
        field.assertIn("no image", answer.json()["ignored"][0]["detail"])
