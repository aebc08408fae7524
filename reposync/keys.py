# SPDX-License-Identifier: Apache-2.0
"""Keys of what an operation works on.

Operations with the same key never run at the same time.  The key is the
catalogue's: all processes that write into one catalogue must agree on the
options it is made of, ``[conductor] driver`` and ``platform``.
"""

import hashlib

from oslo_config import cfg

from reposync import reference as ref


def pull_key(conf: cfg.ConfigOpts, reference: ref.Reference) -> str:
    """Give the key of an image's name in the catalogue, 64 hex digits."""
    tagged = f"{reference.canonical_name}:{reference.tag}"
    if reference.tag is None:
        # A tag may be called "None".
        tagged = f"{reference.canonical_name}@{reference.digest}"
    return _key(conf, "pull", tagged, conf.conductor.platform)


def name_key(conf: cfg.ConfigOpts, reference: ref.Reference) -> str:
    """Give the key of what a webhook says is gone, 64 hex digits.

    It is that of the image's pulls; a name without a tag is no image.
    """
    if reference.tag is not None:
        return pull_key(conf, reference)
    return _key(conf, "name", f"{reference.canonical_name}@{reference.digest}")


def delete_key(conf: cfg.ConfigOpts, image_id: str) -> str:
    """Give the key of an entry of the catalogue, 64 hex digits."""
    return _key(conf, "delete", image_id)


def sync_key(conf: cfg.ConfigOpts) -> str:
    """Give the key of the catalogue as a whole, 64 hex digits."""
    return _key(conf, "sync")


def _key(conf: cfg.ConfigOpts, *parts: str) -> str:
    text = "\n".join((conf.conductor.driver, *parts))
    return hashlib.sha256(text.encode()).hexdigest()
