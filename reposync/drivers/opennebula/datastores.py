# SPDX-License-Identifier: Apache-2.0
"""What the set-up of a datastore does to container images."""

from collections.abc import Iterator

from lxml import etree

#: Drivers that come with OpenNebula.
_STOCK = frozenset(
    {"ceph", "dev", "fs", "iscsi_libvirt", "linstor", "lvm", "vcenter"}
)
#: The release that knows ``docker://`` no more.
_NO_DOCKER = (6, 10)


def warnings(
    path: str, version: str, datastore: etree._Element
) -> Iterator[str]:
    """Tell what would keep images from being made or used.

    :param path: the option ``path``
    :param version: OpenNebula's, such as ``6.8.0``
    :param datastore: its ``DATASTORE`` element
    """

    def attribute(name: str) -> str:
        return str(datastore.findtext(f"TEMPLATE/{name}") or "").lower()

    if path == "docker":
        if _numbers(version) >= _NO_DOCKER:
            yield (
                "it knows docker:// only if its own driver does; otherwise "
                "set path = file"
            )
        elif datastore.findtext("DS_MAD") in _STOCK:
            yield (
                "OpenNebula's own drivers take docker:// only with a size, "
                "and make a disk image of it. Use ONEDock's, or set path = "
                "file"
            )
        return
    if attribute("NO_DECOMPRESS") != "yes":
        yield (
            "OpenNebula's own drivers unpack archives. Set "
            'NO_DECOMPRESS = "yes" in the datastore'
        )
    if attribute("DRIVER") not in ("", "raw") and attribute("CONVERT") != "no":
        yield (
            f"it converts archives to {attribute('DRIVER')}, and machines "
            'cannot load them then. Set CONVERT = "no" in the datastore'
        )


def _numbers(version: str) -> tuple[int, ...]:
    """Read the first two numbers of a version."""
    return tuple(
        int(part) for part in version.split(".")[:2] if part.isdecimal()
    )
