# SPDX-License-Identifier: Apache-2.0
"""Errors of OpenNebula, by code and words.

The codes are those of
https://docs.opennebula.io/6.8/integration_and_development/system_interfaces/api.html
and, as there are few of them, the texts decide the rest.
"""

import re

from reposync import exception
from reposync import texts

AUTHENTICATION = 0x100
AUTHORIZATION = 0x200
NO_EXISTS = 0x400
LOCKED = 0x8000
REPLICATION = 0x10000

#: xmlrpc-c's code for a method that is not there.
NO_SUCH_METHOD = -506
#: Characters of what OpenNebula says: its drivers put the command before the
#: reason, so both ends are shown.
_HEAD, _TAIL = 200, 400

_Kind = type[exception.ReposyncError]

_FULL = (
    "The datastore is full, or OpenNebula has not looked at it yet: see "
    "onedatastore show. Delete images, or give it more room"
)
_NOT_FOUND = (
    "The front end does not find what it shall fetch. With path = file, "
    "directory in [opennebula] has to be shared with it, or path_prefix be "
    "where it finds the same files. With path = docker, the datastore's "
    "driver has to know docker://; those of OpenNebula 6.10 and later do not"
)

#: What a refusal means, by its words; the first that is found counts.
_WORDS: tuple[tuple[str, _Kind, str], ...] = (
    (
        # Up to 6.4 it takes the right to administer, since then a flag.
        r"Image locked, use --force|image\.delete\].* perform ADMIN IMAGE",
        exception.ImageBusy,
        "OpenNebula still copies the image, and deletes it only after that",
    ),
    (
        r"VMs using it|active clone",
        exception.ImageInUse,
        "Machines use the image. Delete them first",
    ),
    (
        r"Cannot process request|timed out and aborted|being renamed"
        r"|[Cc]ould not get datastore driver|ImageManagerDriver|\bin DB\b",
        exception.CatalogueUnavailable,
        "The front end cannot do this now",
    ),
    (
        r"enough space|no space left|disk full",
        exception.CatalogueQuotaExceeded,
        _FULL,
    ),
    (
        r"quota|limit of .* reached",
        exception.CatalogueQuotaExceeded,
        "A quota of OpenNebula is reached. Delete images, or raise it",
    ),
    (
        r"already taken|collides",
        exception.CatalogueError,
        "Another image has the name. Rename it, or change name_template in "
        "[opennebula]",
    ),
    (
        r"\blocked\b",
        exception.ImageProtected,
        "Somebody has locked the image. Unlock it with oneimage unlock",
    ),
    (
        r"restricted attribute",
        exception.CatalogueUnsuitable,
        "attributes in [opennebula] names an attribute that only accounts of "
        "the group oneadmin may set",
    ),
    (
        r"'other' permissions",
        exception.CatalogueDenied,
        "OpenNebula gives no rights to others. End mode in [opennebula] with "
        "0, or set ENABLE_OTHER_PERMISSIONS in oned.conf",
    ),
    (
        r"perform ADMIN IMAGE",
        exception.CatalogueDenied,
        "Only accounts of the group oneadmin set the bits to administer. "
        "Take a mode in [opennebula] of the digits 0, 2, 4 and 6",
    ),
    (
        r"only accepts persistent",
        exception.CatalogueUnsuitable,
        "The datastore takes persistent images only. Set another one in "
        "[opennebula], or PERSISTENT:YES in attributes",
    ),
    (r"File not found", exception.CatalogueUnsuitable, _NOT_FOUND),
    (
        r"Failed to get image head",
        exception.CatalogueUnavailable,
        "The front end cannot read the archive. Does the HTTP server at "
        "path_prefix in [opennebula] run, and serve directory",
    ),
    (
        r"Unsupported remote image format",
        exception.CatalogueUnsuitable,
        "The HTTP server at path_prefix in [opennebula] does not tell the "
        "size of the archive (Content-Length)",
    ),
    (
        r"image SIZE",
        exception.CatalogueUnavailable,
        "OpenNebula cannot tell the size of what it shall fetch",
    ),
    (
        r"Unknown image format|uncompressing archive",
        exception.CatalogueUnsuitable,
        "OpenNebula's own drivers unpack archives. Set "
        'NO_DECOMPRESS = "yes" in the datastore',
    ),
    (
        r"[Hh]ash does not match",
        exception.ImageDamaged,
        "OpenNebula read something else than was written",
    ),
    (
        r"Not allowed|Cannot read from|RESTRICTED_DIRS",
        exception.CatalogueUnsuitable,
        "OpenNebula may not read the file. Make its directory one of the "
        "datastore's SAFE_DIRS",
    ),
)
#: Codes whose words say more.
_BY_WORDS = re.compile(
    r"quota|limit of|is locked|restricted attribute|'other' permissions"
    r"|perform ADMIN IMAGE"
)


def refused(code: object, text: str) -> exception.ReposyncError:
    """Make the error that an answer of OpenNebula stands for.

    :param code: the third part of the answer
    :param text: what OpenNebula says
    """
    kind, message = _by_code(code, text) or _by_words(text)
    return kind(f"{message} (OpenNebula says: {shorten(text)})")


def failed_copy(text: str) -> exception.ReposyncError:
    """Make the error of an image that did not become ready.

    What is not known may be the network: it is worth another attempt.

    :param text: OpenNebula's message for the image
    """
    kind, message = _by_words(text)
    if kind is exception.CatalogueError:
        kind = exception.CatalogueUnavailable
        message = "OpenNebula could not fetch the image"
    return kind(f"{message} (OpenNebula says: {shorten(text)})")


def unmeasured(error: exception.ReposyncError) -> exception.ReposyncError:
    """Say of a refusal what it means with ``path = docker``.

    :param error: of the allocation
    """
    if not re.search(r"Runtime error during size|File not found", str(error)):
        return error
    said = error.message.partition(" (OpenNebula says: ")[2]
    return exception.CatalogueUnsuitable(
        "The datastore's driver does not know docker://NAME:TAG. ONEDock's "
        "does; for OpenNebula's own ones, set path = file in [opennebula] "
        f"(OpenNebula says: {said}"
    )


def unreadable(why: object) -> exception.ReposyncError:
    """Say that an answer is none of OpenNebula."""
    return exception.CatalogueUnavailable(
        "What answers at endpoint in [opennebula] is not OpenNebula, or its "
        f"answer was cut short: {shorten(str(why))}"
    )


def fault(code: object, text: str) -> exception.ReposyncError:
    """Make the error that a fault of XML-RPC stands for."""
    if code == NO_SUCH_METHOD:
        return exception.CatalogueUnsuitable(
            "The front end does not know a method that is needed. Is it "
            f"older than OpenNebula 6? (It says: {shorten(text)})"
        )
    number = f"{code}: " if isinstance(code, int) else ""
    return exception.CatalogueError(
        f"OpenNebula did not understand the request ({number}{shorten(text)})"
    )


def shorten(text: str) -> str:
    """Make one short line of a text."""
    text = texts.line(text)
    if len(text) <= _HEAD + _TAIL:
        return text
    return f"{text[:_HEAD]} ... {text[-_TAIL:]}"


def _by_code(code: object, text: str) -> tuple[_Kind, str] | None:
    if code == AUTHENTICATION:
        return exception.CatalogueDenied, (
            "OpenNebula refuses the account in [opennebula]. Check "
            "auth_file, or user and password; a token may have expired"
        )
    if code == AUTHORIZATION and not _BY_WORDS.search(text):
        return exception.CatalogueDenied, (
            "OpenNebula does not allow this to the account in [opennebula]"
        )
    if code == NO_EXISTS:
        if re.search(r"getting image", text, re.I):
            return exception.ImageNotFound, "There is no such image"
        return exception.CatalogueUnsuitable, (
            "Something that [opennebula] names is not there"
        )
    if code == LOCKED:
        return exception.ImageProtected, (
            "Somebody has locked the image. Unlock it with oneimage unlock"
        )
    if code == REPLICATION:
        return exception.CatalogueUnavailable, "OpenNebula has no leader"
    return None


def _by_words(text: str) -> tuple[_Kind, str]:
    for pattern, kind, message in _WORDS:
        if re.search(pattern, text):
            return kind, message
    return exception.CatalogueError, "OpenNebula refused the request"
