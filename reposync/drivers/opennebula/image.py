# SPDX-License-Identifier: Apache-2.0
"""What an image looks like in OpenNebula.

The attributes are those of the seed, java-reposync (``DOCKER_ID`` and so on,
``OS``, ``DISTRIBUTION``, ``DIST_VERSION``, ``HW_ARCHITECTURE``), and ours
beside them.
"""

from collections.abc import Mapping
import dataclasses
import datetime
import re

from lxml import etree

from reposync import reference as ref
from reposync.drivers import architectures
from reposync.drivers import base
from reposync.drivers import moved
from reposync.drivers.opennebula.xmlrpc import errors
from reposync.sources import base as source

#: Marks the images of this service; no others are replaced or deleted.
MARKER = "REPOSYNC_MANAGED"
#: Where an image of ours stands: `NEW`, `CURRENT` or `OLD`.
STAGE = "REPOSYNC_STAGE"
NEW, CURRENT, OLD = "new", "current", "old"
_SIZE = "REPOSYNC_SIZE"
_LABELS = "eu.indigo-datacloud."
_LONGEST_LABEL = 255
_MIB = 1024 * 1024
_LARGEST = 2**63 - 1
#: Of the year 9999, after which there are no dates.
_LAST_SECOND = 253402300799
_NUMBER = re.compile(r"[0-9]{1,18}")

#: OpenNebula's numbers of states, in its own order.
_STATES = (
    "init",
    "ready",
    "used",
    "disabled",
    "locked",
    "error",
    "clone",
    "delete",
    "used_pers",
    "locked_used",
    "locked_used_pers",
)
_USABLE = frozenset({"ready", "used", "used_pers", "clone"})
#: OpenNebula works on it, and says when it is done.
_BUSY = frozenset({"init", "locked", "locked_used", "locked_used_pers"})
#: Levels of ``oneimage lock`` that forbid to change an image; the third one
#: only keeps others from what takes the right to administer.
_LOCKS = frozenset({"1", "2"})


@dataclasses.dataclass(frozen=True, slots=True)
class Record:
    """An image as OpenNebula shows it.

    :ivar owner: name of the user it belongs to
    :ivar group: id of its group
    :ivar mode: rights of owner, group and others: three octal digits
    :ivar state: OpenNebula's word in lower case
    :ivar size: MiB
    :ivar registered: seconds since 1970
    :ivar running: number of machines that use it
    :ivar locked: whether somebody has locked it with ``oneimage lock``
    """

    id: int
    name: str
    owner: str
    group: int
    mode: str
    state: str
    size: int
    registered: int
    path: str
    running: int
    locked: bool
    attributes: Mapping[str, str]

    @property
    def usable(self) -> bool:
        """Tell whether machines can be started from it."""
        return self.state in _USABLE

    @property
    def busy(self) -> bool:
        """Tell whether OpenNebula copies it or changes its data."""
        return self.state in _BUSY

    @property
    def stands(self) -> bool:
        """Tell whether a current image may stay as it is.

        One that somebody has disabled stays disabled, and one that
        OpenNebula works on will be usable again.
        """
        return self.usable or self.busy or self.state == "disabled"

    @property
    def stage(self) -> str:
        """Where an image of ours stands; those of the seed are current."""
        return self.attributes.get(STAGE, CURRENT)

    @property
    def key(self) -> str:
        """The name and tag it is the image of, ``name:tag``."""
        found = self.attributes.get
        return f"{found('DOCKER_NAME')}:{found('DOCKER_TAG')}"


def read(element: etree._Element) -> Record:
    """Read an ``IMAGE`` element.

    :raises CatalogueUnavailable: it is none
    """

    def text(path: str) -> str:
        return str(element.findtext(path) or "")

    attributes = {
        str(child.tag): child.text or ""
        for child in element.iterfind("TEMPLATE/*")
    }
    mode = "".join(
        str(
            4 * (text(f"PERMISSIONS/{who}_U") == "1")
            + 2 * (text(f"PERMISSIONS/{who}_M") == "1")
            + (text(f"PERMISSIONS/{who}_A") == "1")
        )
        for who in ("OWNER", "GROUP", "OTHER")
    )
    state = number(element, "STATE")
    return Record(
        id=number(element, "ID"),
        name=text("NAME"),
        owner=text("UNAME"),
        group=number(element, "GID"),
        mode=mode,
        state=_STATES[state] if state < len(_STATES) else str(state),
        size=number(element, "SIZE", 0),
        registered=number(element, "REGTIME", 0),
        path=text("PATH"),
        running=number(element, "RUNNING_VMS", 0),
        locked=text("LOCK/LOCKED") in _LOCKS,
        attributes=attributes,
    )


def number(
    element: etree._Element, path: str, usual: int | None = None
) -> int:
    """Read a number of what OpenNebula shows.

    :param usual: what an empty text stands for, if it may be empty
    :raises CatalogueUnavailable: it is none
    """
    text = str(element.findtext(path) or "").strip()
    if not text and usual is not None:
        return usual
    if not _NUMBER.fullmatch(text):
        raise errors.unreadable(f"{path} of {element.tag} is no number")
    return int(text)


def attributes(
    reference: ref.Reference,
    resolved: source.ResolvedImage,
    size: int | None = None,
) -> dict[str, str | None]:
    """Give the attributes of a new image, name and path left out.

    Labels are whatever somebody wrote: only four are taken.

    :param size: bytes of the archive, if it is known
    """
    labels = resolved.labels or {}
    label = {
        name: labels.get(_LABELS + name, "")[:_LONGEST_LABEL]
        for name in ("type", "architecture", "distribution", "version")
    }
    return {
        "TYPE": "OS",
        "DESCRIPTION": "Docker image",
        "DOCKER_ID": resolved.image_id,
        "DOCKER_NAME": reference.name,
        "DOCKER_TAG": reference.tag,
        "DOCKER_DIGEST": resolved.digest,
        moved.MANIFEST.upper(): resolved.manifest_digest,
        "DOCKER_PLATFORM": resolved.platform,
        "OS": label["type"],
        "DISTRIBUTION": label["distribution"],
        "DIST_VERSION": label["version"],
        "HW_ARCHITECTURE": label["architecture"]
        or architectures.word(resolved.architecture),
        MARKER: "YES",
        STAGE: NEW,
        _SIZE: None if size is None else str(size),
    }


def is_same(record: Record, resolved: source.ResolvedImage) -> bool:
    """Tell whether an image is what the registry holds."""
    found = record.attributes.get
    return (
        found("DOCKER_DIGEST"),
        found("DOCKER_PLATFORM"),
    ) == (resolved.digest, resolved.platform)


def changes(
    record: Record, resolved: source.ResolvedImage
) -> dict[str, str] | None:
    """Compare what is in an image, and not only what its tag points at.

    :returns: the attributes that are others now; None if it is another image
    :raises SourceError: the registry does not say
    """
    found = {key.lower(): text for key, text in record.attributes.items()}
    kept = moved.Kept.of(found)
    now = kept.compare(resolved)
    if now is None:
        return None
    return {key.upper(): text for key, text in kept.changes(now).items()}


def is_ours(record: Record, user: str) -> bool:
    """Tell whether the service may replace or delete an image.

    Its own ones, and those java-reposync made with the same account.
    """
    found = record.attributes.get
    return record.owner == user and bool(
        found(MARKER)
        or (
            found("DOCKER_ID") and found("DOCKER_NAME") and found("DOCKER_TAG")
        )
    )


def to_image(record: Record) -> base.Image:
    """Show an image as all catalogues do."""
    found = record.attributes.get
    size = found(_SIZE) or ""
    return base.Image(
        id=str(record.id),
        name=record.name,
        type="docker" if _is_docker(record) else "vm",
        docker_id=found("DOCKER_ID"),
        docker_name=found("DOCKER_NAME"),
        docker_tag=found("DOCKER_TAG"),
        docker_digest=found("DOCKER_DIGEST"),
        os=found("OS"),
        architecture=architectures.word(found("HW_ARCHITECTURE")),
        distribution=found("DISTRIBUTION"),
        version=found("DIST_VERSION"),
        size=min(
            int(size) if _NUMBER.fullmatch(size) else record.size * _MIB,
            _LARGEST,
        ),
        status="active" if record.usable else record.state,
        created_at=moment(record),
    )


def moment(record: Record) -> str:
    """Tell when an image was made: ISO 8601, UTC."""
    seconds = min(record.registered, _LAST_SECOND)
    made = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return made.isoformat().replace("+00:00", "Z")


def _is_docker(record: Record) -> bool:
    return "DOCKER_NAME" in record.attributes or record.path.startswith(
        "docker://"
    )
