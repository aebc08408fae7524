# SPDX-License-Identifier: Apache-2.0
"""How large an image may be: ``[registry] max_image_size``."""

from oslo_config import cfg

from reposync import exception


def most(conf: cfg.ConfigOpts) -> int:
    """Give the bytes that an image may have, packed or unpacked."""
    return int(conf.registry.max_image_size) * 1024**3


class Budget:
    """Counts bytes of one image until they are too many.

    :param name: of the image
    :param most: bytes that it may have
    """

    def __init__(self, name: str, most: int):
        """Begin with none."""
        self._name = name
        self._most = most
        self._spent = 0

    def spend(self, size: int) -> None:
        """Add some bytes.

        :raises ImageUnsupported: now there are too many
        """
        self._spent += size
        self.check(self._spent)

    def check(self, size: int) -> None:
        """Look at how large the image is.

        :raises ImageUnsupported: it is too large
        """
        if size > self._most:
            raise exception.ImageUnsupported(
                f"{self._name} cannot be copied: it has {size} bytes or "
                "more, and [registry] max_image_size allows "
                f"{self._most}"
            )
