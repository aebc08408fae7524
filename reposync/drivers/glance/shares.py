# SPDX-License-Identifier: Apache-2.0
"""Which projects images in Glance are shared with."""

from oslo_config import cfg

from reposync import exception
from reposync import reference as ref
from reposync import repositories
from reposync.drivers.glance import client


class Shares:
    """Keeps the members of images in step with the configuration."""

    def __init__(self, conf: cfg.ConfigOpts, glance: client.GlanceClient):
        """Read the configuration.

        :raises InvalidReference: a line of ``share`` is not understood
        """
        self._glance = glance
        self._visibility = conf.glance.visibility
        self._shares = [_parse(line) for line in conf.glance.share]

    def concern(self, name: str) -> bool:
        """Tell whether an image is to be shared with anybody.

        :param name: with its tag
        """
        if not self._shares:
            return False
        reference = ref.Reference.parse(name)
        return any(entry.allows(reference) for entry, _ in self._shares)

    def apply(self, reference: ref.Reference, image_id: str) -> None:
        """Add members that are missing, and remove others."""
        if not self._shares or self._visibility != "shared":
            return
        wanted = {
            project
            for entry, projects in self._shares
            if entry.allows(reference)
            for project in projects
        }
        found = self._glance.members(image_id)
        for project in sorted(wanted - found):
            self._glance.add_member(image_id, project)
        for project in sorted(found - wanted):
            self._glance.remove_member(image_id, project)


def _parse(line: str) -> tuple[repositories.Repository, list[str]]:
    name, *projects = line.split() or [""]
    try:
        if projects:
            return repositories.parse_line(name), projects
        why = "no project is named"
    except exception.InvalidReference as error:
        why = error.message
    raise exception.InvalidReference(
        f"{line!r} in share of [glance] is not NAME[:TAG] PROJECT_ID...: {why}"
    )
