# SPDX-License-Identifier: Apache-2.0
"""Which group an image is given to, and what the group may do with it."""

import dataclasses

from oslo_config import cfg

from reposync import exception
from reposync import reference as ref
from reposync import repositories
from reposync.drivers.opennebula import client as opennebula_client
from reposync.drivers.opennebula import image as one_image

_ADMIN = 1
_KEEPS = 6

_Rule = tuple[repositories.Repository, str, str | None]


class Sharing:
    """Keeps groups and rights as the configuration says."""

    def __init__(
        self, conf: cfg.ConfigOpts, client: opennebula_client.OpenNebulaClient
    ):
        """Read the rules.

        :raises InvalidReference: a line of ``share`` is not understood
        """
        self._client = client
        self._usual = conf.opennebula.group, conf.opennebula.mode
        self._rules = [_parse(line) for line in conf.opennebula.share]
        self._groups: dict[str, int] = {}

    def check(self, reference: ref.Reference | None = None) -> None:
        """Look whether the account can share as it shall.

        :param reference: of one image; None for all rules
        :raises CatalogueUnsuitable: the account sees no such group, or may
            not set such a mode
        """
        rules = [
            self._usual,
            *((group, mode) for _, group, mode in self._rules),
        ]
        for group, mode in (
            rules if reference is None else [self._wanted(reference)]
        ):
            if group is not None:
                self._id(group)
            if mode is not None:
                self._check_mode(mode)

    def is_kept(
        self, reference: ref.Reference, record: one_image.Record
    ) -> bool:
        """Tell whether nothing is left to do for an image."""
        return not any(self._missing(reference, record))

    def keep(
        self, reference: ref.Reference, record: one_image.Record
    ) -> one_image.Record:
        """Give an image its group and rights.

        :returns: how the image is then
        :raises CatalogueUnsuitable: there is no such group
        :raises CatalogueDenied: the account may not do it
        """
        group, mode = self._missing(reference, record)
        if group is not None:
            self._client.give(record.id, group)
        if mode is not None:
            self._client.allow(record.id, mode)
        return dataclasses.replace(
            record,
            group=record.group if group is None else group,
            mode=mode or record.mode,
        )

    def _check_mode(self, mode: str) -> None:
        bits = [int(digit) for digit in mode]
        loses = bits[0] & _KEEPS != _KEEPS
        if not (loses or any(each & _ADMIN for each in bits)):
            return
        if self._client.administers():
            return
        why = (
            "takes the right to use and to manage from the service itself: "
            "begin it with 6"
            if loses
            else "has a bit to administer (1), which only accounts of the "
            "group oneadmin set: take 0, 2, 4 and 6"
        )
        raise exception.CatalogueUnsuitable(
            f"The mode {mode} in [opennebula] {why}"
        )

    def _missing(
        self, reference: ref.Reference, record: one_image.Record
    ) -> tuple[int | None, str | None]:
        wanted, mode = self._wanted(reference)
        group = None if wanted is None else self._id(wanted)
        return (
            None if group == record.group else group,
            None if mode == record.mode else mode,
        )

    def _wanted(
        self, reference: ref.Reference
    ) -> tuple[str | None, str | None]:
        for entry, group, mode in self._rules:
            if entry.allows(reference):
                return group, mode
        return self._usual

    def _id(self, group: str) -> int:
        if group not in self._groups:
            self._groups[group] = self._client.group(group)
        return self._groups[group]


def _parse(line: str) -> _Rule:
    name, *rest = line.split() or [""]
    mode = rest[1] if len(rest) == 2 else None
    if len(rest) not in (1, 2) or (
        mode is not None
        and not (len(mode) == 3 and set(mode) <= set("01234567"))
    ):
        raise exception.InvalidReference(
            f"{line!r} in share of [opennebula] is not NAME[:TAG] GROUP "
            "[MODE], with a mode such as 640"
        )
    try:
        return repositories.parse_line(name), rest[0], mode
    except exception.InvalidReference as error:
        raise exception.InvalidReference(
            f"{line!r} in share of [opennebula]: {error.message}"
        ) from error
