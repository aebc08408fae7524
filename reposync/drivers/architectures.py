# SPDX-License-Identifier: Apache-2.0
"""Words for architectures, as clouds use them."""

from reposync.sources.oci import platforms

#: Registries' words, and those of Glance and Nova.
_CLOUDS = {
    "386": "i686",
    "amd64": "x86_64",
    "arm": "armv7l",
    "arm64": "aarch64",
}


def word(text: str | None) -> str | None:
    """Give a cloud's word; a text that is no known word stays as it is."""
    found = platforms.Platform.of({"os": "linux", "architecture": text})
    return _CLOUDS.get(found.architecture, text)
