# SPDX-License-Identifier: Apache-2.0
"""Errors of Glance, by status and words."""

import html
import re
from typing import Any

from reposync import exception

_SHORT = 300


def check(answer: Any) -> None:
    """Raise the error that an answer stands for, if it is one.

    :raises ImageNotFound: 404
    :raises CatalogueError: any other from 400 on, of the fitting kind
    """
    status = answer.status_code
    if status < 400:
        return
    text = shorten(answer.text)
    kind, message = _classify(status, text.lower())
    told = f"{message} (Glance says {status}: {text})"
    raise kind(told, retry_after=_retry_after(answer))


def shorten(text: str) -> str:
    """Make one short line of an answer, without markup and passwords."""
    text = re.sub(r"<(title|head)>.*?</\1>", " ", text, flags=re.S)
    text = html.unescape(re.sub(r"<[^>]*>", " ", text))
    text = re.sub(r"://[^/\s@]*@", "://", " ".join(text.split()))
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}..."


def _classify(
    status: int, text: str
) -> tuple[type[exception.ReposyncError], str]:
    quota = re.search(r"quota|limit|too (large|many)|exceed|cap\b", text)
    if status == 401:
        return exception.CatalogueDenied, (
            "Glance refuses the token of the account in [glance]"
        )
    if status == 413 or (status == 403 and quota):
        return exception.CatalogueQuotaExceeded, (
            "A quota or size limit of Glance is reached. Delete images, or "
            "raise the limit"
        )
    if status == 403 and "protected" in text:
        return exception.ImageProtected, "The image is protected"
    if status == 403:
        return exception.CatalogueDenied, (
            "Glance's policy does not allow this to the account in [glance]"
        )
    if status == 404:
        return exception.ImageNotFound, "There is no such image"
    if status == 409:
        return exception.ImageInUse, "The image is in use"
    if status == 410:
        return exception.CatalogueUnavailable, (
            "The new image was deleted while it was uploaded"
        )
    if status == 415 or (status == 400 and "container" in text):
        return exception.CatalogueUnsuitable, CONTAINER_FORMAT
    if status == 429 or status >= 500:
        return exception.CatalogueUnavailable, "Glance failed"
    return exception.CatalogueError, "Glance refused the request"


def _retry_after(answer: Any) -> float | None:
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None


CONTAINER_FORMAT = (
    "Glance does not take container images here. Add 'docker' to "
    "container_formats in the group image_format of glance-api.conf"
)
