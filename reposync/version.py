# SPDX-License-Identifier: Apache-2.0
"""The version of the installed package."""

from importlib import metadata


def release() -> str:
    """Give the version, such as ``1.2.0``; ``unknown`` if not installed."""
    try:
        return metadata.version("reposync")
    except metadata.PackageNotFoundError:
        return "unknown"
