# SPDX-License-Identifier: Apache-2.0
"""What registries keep beside images and tell of in the same way.

Signatures, attestations and lists of components have tags made of the digest
of their image: cosign's ``sha256-HEX.sig``, ``.att`` and ``.sbom``
(https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md), with a
prefix if one was chosen, and the fallback tag ``sha256-HEX`` of registries
without referrers
(https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema),
which cuts longer digests off at 64 characters.  Other things, such as Helm
charts, have media types of their own.
"""

import re
from typing import Any

_DIGEST = r"(?:sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128}|sha512-[0-9a-f]{64})"
_TAG = re.compile(
    rf"{_DIGEST}(?:\.[\w.-]{{1,64}})?"
    rf"|\w?[\w.-]{{0,64}}{_DIGEST}\.(?:sig|att|sbom)",
    re.ASCII,
)
_WORDS = {
    "a Helm chart": r"vnd\.cncf\.helm\.|vnd\.acr\.helm\.",
    "a signature": r"vnd\.dev\.(cosign|sigstore)\.|vnd\.cncf\.notary\.",
    "an attestation": r"vnd\.in-toto|vnd\.dsse\.|vnd\.slsa",
    "a list of components": r"spdx|vnd\.cyclonedx|vnd\.syft",
    "a report": r"sarif|vnd\.aquasec\.|vnd\.security\.",
    "a cache of builds": r"vnd\.buildkit\.cacheconfig\.",
    "an engine's plugin": r"vnd\.docker\.plugin\.",
    "a policy": r"vnd\.cncf\.openpolicyagent\.|vnd\.cncf\.kyverno\.",
    "a source of Flux": r"vnd\.cncf\.flux\.",
    "a WebAssembly module": r"vnd\.wasm\.|vnd\.bytecodealliance\.|wasm$",
    "a model": r"vnd\.(cncf|cnai)\.model\.|vnd\.docker\.ai\.|vnd\.ollama\.",
    "an artifact": r"vnd\.oci\.empty\.",
}
_TYPES = [
    (what, re.compile(rf"(application|text)/({pattern})", re.ASCII))
    for what, pattern in _WORDS.items()
]


def is_tag(tag: str) -> bool:
    """Tell whether a tag is one of what belongs to an image."""
    return _TAG.fullmatch(tag) is not None


def note(*media_types: Any) -> str | None:
    """Tell what is no image by its media types; None if it may be one.

    :param media_types: of a configuration or an artifact, as a body has them
    """
    for found in media_types:
        if isinstance(found, str):
            plain = found.partition(";")[0].strip().lower()
            for what, pattern in _TYPES:
                if pattern.match(plain):
                    return f"It is {what}, no image"
    return None
