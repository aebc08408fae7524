# SPDX-License-Identifier: Apache-2.0
"""Errors of Glance, by status and words."""

import html
import re
from typing import Any
from typing import NoReturn

from reposync import exception
from reposync import retry
from reposync import texts

_SHORT = 300
#: Characters of an answer that are looked at: a page has its words before.
_LOOKED_AT = 8 * 1024
#: No server means more seconds than have so many digits.
_SECONDS = re.compile(r"[0-9]{1,9}")
#: Of load balancers: a request that came too slowly, too early or too often,
#: or whose client seemed to be gone.
_MAY_PASS = (408, 425, 429, 499)
_PLAIN: dict[int, tuple[type[exception.ReposyncError], str]] = {
    404: (exception.ImageNotFound, "There is no such image"),
    409: (exception.ImageInUse, "The image is in use"),
    410: (
        exception.CatalogueUnavailable,
        "The new image was deleted while it was uploaded",
    ),
}


def check(answer: Any) -> None:
    """Raise the error that an answer stands for, if it is one.

    :raises ImageNotFound: 404
    :raises CatalogueError: any other from 300 on, of the fitting kind
    """
    if answer.status_code < 300:
        return
    text = shorten(answer.text)
    _refuse(answer, text, *_classify(answer.status_code, text.lower()))


def check_upload(answer: Any, image_id: str) -> None:
    """Raise the error that the answer to an upload stands for, if it is one.

    :raises CatalogueError: of the fitting kind
    """
    status = answer.status_code
    if status < 300:
        return
    text = shorten(answer.text)
    kind, message = _classify(status, text.lower())
    if status in (404, 409) and (status == 409 or image_id in answer.text):
        kind, message = (
            exception.CatalogueUnavailable,
            ("The new image was deleted or changed while it was uploaded"),
        )
    elif status in (404, 405) or kind is exception.CatalogueDenied:
        message = (
            "This cloud does not let the account upload images with PUT "
            "/v2/images/ID/file; some clouds offer imports only. Ask for the "
            "right upload_image"
        )
        if status != 403:
            kind = exception.CatalogueUnsuitable
    _refuse(answer, text, kind, message)


def _refuse(
    answer: Any, text: str, kind: type[exception.ReposyncError], message: str
) -> NoReturn:
    told = f"{message} (Glance says {answer.status_code}: {text})"
    raise kind(told, retry_after=_retry_after(answer))


def shorten(text: str) -> str:
    """Make one short line of an answer, without markup and passwords."""
    text = text[:_LOOKED_AT]
    text = re.sub(r"<(title|head)>.*?</\1>", " ", text, flags=re.S)
    text = html.unescape(re.sub(r"<[^<>]*>", " ", text))
    text = re.sub(r"://[^/\s@]*@", "://", texts.line(text))
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}..."


def _classify(
    status: int, text: str
) -> tuple[type[exception.ReposyncError], str]:
    quota = re.search(r"quota|limit|too (large|many)|exceed|cap\b", text)
    if status == 401:
        return exception.CatalogueDenied, (
            "Glance refuses the token of the account in [glance]"
        )
    if status in (413, 507) or (status == 403 and quota):
        return exception.CatalogueQuotaExceeded, (
            "A quota or size limit of Glance, or of a proxy in front of it, "
            "is reached. Delete images, or raise the limit"
        )
    if status == 403 and "protected" in text and "propert" not in text:
        return exception.ImageProtected, "The image is protected"
    if status == 403:
        return exception.CatalogueDenied, (
            "Glance's policy, or its protection of properties, does not "
            "allow this to the account in [glance]"
        )
    if status in _PLAIN:
        return _PLAIN[status]
    if status == 415 or (status == 400 and "container" in text):
        return exception.CatalogueUnsuitable, CONTAINER_FORMAT
    if status in _MAY_PASS or status >= 500:
        return exception.CatalogueUnavailable, "Glance failed"
    if status < 400:
        return exception.CatalogueUnsuitable, (
            "Glance's address in Keystone's catalogue leads elsewhere. "
            "Correct it, or set endpoint_override in [glance] to the address "
            "of version 2 of its API"
        )
    return exception.CatalogueError, "Glance refused the request"


def _retry_after(answer: Any) -> float | None:
    value = answer.headers.get("Retry-After", "").strip()
    if not _SECONDS.fullmatch(value):
        return None
    return min(float(value), retry.LONGEST_PAUSE)


CONTAINER_FORMAT = (
    "Glance does not take container images here. Add 'docker' to "
    "container_formats in the group image_format of glance-api.conf"
)
