# SPDX-License-Identifier: Apache-2.0
"""Errors of OpenNebula, by code and words.

The codes are those of
https://docs.opennebula.io/6.8/integration_and_development/system_interfaces/api.html
and, as there are few of them, the texts decide the rest.
"""

import re

from reposync import exception

AUTHENTICATION = 0x100
AUTHORIZATION = 0x200
NO_EXISTS = 0x400
LOCKED = 0x8000
REPLICATION = 0x10000

#: xmlrpc-c's code for a method that is not there.
NO_SUCH_METHOD = -506
_SHORT = 300

_Kind = type[exception.ReposyncError]

#: What a refusal means, by its words; the first that is found counts.
_WORDS: tuple[tuple[str, _Kind, str], ...] = (
    (
        r"VMs using it|active clone",
        exception.ImageInUse,
        "Machines use the image. Delete them first",
    ),
    (
        r"enough space|no space left|disk full",
        exception.CatalogueQuotaExceeded,
        "The datastore is full. Delete images, or give it more room",
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
        "The image is locked. Unlock it with oneimage unlock",
    ),
    (
        r"determine Image SIZE",
        exception.CatalogueUnsuitable,
        "OpenNebula cannot look at what it shall fetch. Without ONEDock, "
        "6.10 and later need path = file in [opennebula]",
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


def refused(code: int, text: str) -> exception.ReposyncError:
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


def fault(code: int, text: str) -> exception.ReposyncError:
    """Make the error that a fault of XML-RPC stands for."""
    if code == NO_SUCH_METHOD:
        return exception.CatalogueUnsuitable(
            "The front end does not know a method that is needed. Is it "
            f"older than OpenNebula 6? (It says: {shorten(text)})"
        )
    return exception.CatalogueError(
        f"OpenNebula did not understand the request ({code}: {shorten(text)})"
    )


def shorten(text: str) -> str:
    """Make one short line of a text."""
    text = " ".join(text.split())
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}..."


def _by_code(code: int, text: str) -> tuple[_Kind, str] | None:
    if code == AUTHENTICATION:
        return exception.CatalogueDenied, (
            "OpenNebula refuses the account in [opennebula]. Check "
            "auth_file, or user and password"
        )
    if code == AUTHORIZATION and not re.search(r"quota|limit of", text):
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
            "The image is locked. Unlock it with oneimage unlock"
        )
    if code == REPLICATION:
        return exception.CatalogueUnavailable, "OpenNebula has no leader"
    return None


def _by_words(text: str) -> tuple[_Kind, str]:
    for pattern, kind, message in _WORDS:
        if re.search(pattern, text):
            return kind, message
    return exception.CatalogueError, "OpenNebula refused the request"
