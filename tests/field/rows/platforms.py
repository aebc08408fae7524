# SPDX-License-Identifier: Apache-2.0
"""Platforms."""

from tests.field import handmade
from tests.field.row import row


def taken(field, *configs):
    """Pull images with other words in their configurations."""
    registry = field.registry()
    made = (handmade.image(registry, config=config) for config in configs)
    names = [handmade.named(registry, each) for each in made]
    for each in handmade.all_succeed(field, names):
        field.assertEqual("x86_64", each["architecture"])


# nixpkgs' dockerTools, https://github.com/NixOS/nixpkgs/issues/46879
@row(
    "A configuration with the architecture ``x86_64``, ``x86-64`` or "
    "``AMD64``.",
    "It is ``amd64``, as it is to containerd.",
)
def other_words(field):
    words = ("x86_64", "x86-64", "AMD64")
    taken(field, *({"architecture": word} for word in words))


# https://github.com/bazel-contrib/rules_oci/issues/117; Buildah and kaniko
# have left them out, too
@row(
    "A lone image whose configuration names no architecture or system, or "
    "calls them ``unknown``.",
    "It is taken: nothing contradicts.",
)
def nothing_said(field):
    taken(
        field,
        {"architecture": "", "os": ""},
        {"architecture": None, "os": None},
        {"architecture": "unknown", "os": "unknown"},
    )


# https://github.com/GoogleContainerTools/kaniko/issues/2967
@row(
    "An image for ``amd64`` with the variant ``v8``, which kaniko takes over "
    "from its own host.",
    "The variant does not count, as ``amd64`` has no such one.",
)
def a_variant_of_another(field):
    taken(field, {"variant": "v8"})


@row(
    "A lone image for ``s390x`` where ``amd64`` is wanted.",
    "Fails with the platforms that there are.",
)
def another_platform(field):
    registry = field.registry()
    manifest = handmade.image(registry, config={"architecture": "s390x"})
    handmade.put(registry, manifest)
    field.fails(handmade.name(registry), "platform_not_found", "linux/s390x")


# https://github.com/estesp/mquery/issues/9
@row(
    "The entry of an index says ``amd64``, and the configuration of its "
    "image ``arm64``.",
    "The index is believed.",
)
def an_index_is_believed(field):
    registry = field.registry()
    manifest = handmade.image(registry, config={"architecture": "arm64"})
    entry = handmade.put(registry, manifest)
    listed = handmade.index(entry | handmade.platform("linux/x86_64"))
    handmade.put(registry, listed, listed["mediaType"])
    found = field.succeeds(handmade.name(registry))
    field.assertEqual("x86_64", found["image"]["architecture"])


@row(
    "An index with variants in any order: ``arm/v6``, ``v10``, ``v8`` where "
    "``arm/v9`` is wanted.",
    "The newest that is not newer, by number: ``v8``.",
)
def variants(field):
    service = field.start({"conductor": {"platform": "linux/arm/v9"}})
    registry = field.registry()
    entries, digests = [], {}
    for variant in ("v6", "v10", "v8"):
        manifest = handmade.image(
            registry, config={"architecture": "arm", "variant": variant}
        )
        digests[variant] = manifest["config"]["digest"]
        entry = handmade.put(registry, manifest)
        entries.append(entry | handmade.platform(f"linux/arm/{variant}"))
    listed = handmade.index(*entries)
    handmade.put(registry, listed, listed["mediaType"])
    found = field.succeeds(handmade.name(registry), service)
    field.assertEqual(digests["v8"], found["image"]["docker_id"])


# https://docs.docker.com/build/metadata/attestations/attestation-storage/
@row(
    "An index with attestations and artifacts beside the image, and an entry "
    "that names no platform.",
    "Attestations and artifacts are passed over; an entry without a platform "
    "is taken if no other fits.",
)
def entries_of_other_kinds(field):
    registry = field.registry()
    other = handmade.put(registry, b"{}", tag="other")
    entry = handmade.put(registry, handmade.image(registry), tag="entry")
    amd64 = handmade.platform("linux/amd64")
    listed = handmade.index(
        other | handmade.platform("unknown/unknown"),
        other | amd64 | {"artifactType": "application/spdx+json"},
        other | handmade.platform("linux/arm64"),
        entry,
    )
    handmade.put(registry, listed, listed["mediaType"])
    field.succeeds(handmade.name(registry))


# https://github.com/erofs/erofs-image-spec, containerd 2.2
@row(
    "An index with two images for ``amd64``; the first needs EROFS "
    "(``os.features``).",
    "The one that every engine can load is taken.",
)
def features(field):
    registry = field.registry()
    other = handmade.put(registry, b"{}", tag="other")
    entry = handmade.put(registry, handmade.image(registry), tag="entry")
    needs = {"os": "linux", "architecture": "amd64", "os.features": ["erofs"]}
    listed = handmade.index(
        other | {"platform": needs},
        entry | handmade.platform("linux/amd64"),
    )
    handmade.put(registry, listed, listed["mediaType"])
    field.succeeds(handmade.name(registry))
