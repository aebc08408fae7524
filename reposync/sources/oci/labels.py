# SPDX-License-Identifier: Apache-2.0
"""Labels of images: whatever somebody wrote, in what a catalogue can keep.

They become attributes of images, which rows, lists and messages carry.
"""

from collections.abc import Mapping

from reposync import texts

#: Characters; Glance and OpenNebula keep no more.
_LONGEST = 255
_MOST = 1000


def read(found: object) -> dict[str, str]:
    """Read the labels of an image configuration; none if they are left out.

    :raises TypeError: it is no object
    """
    if not found:
        return {}
    if not isinstance(found, Mapping):
        raise TypeError("labels are no object")
    pairs = list(found.items())[:_MOST]
    return {_clean(key): _clean(text) for key, text in pairs}


def _clean(text: object) -> str:
    # Not every database stores what cannot be printed.
    return texts.line(str(text))[:_LONGEST]
