# SPDX-License-Identifier: Apache-2.0
"""What Glance answers to questions about images, read with care."""

from typing import Any

from reposync import exception
from reposync.drivers.glance import errors
from reposync.sources.oci import documents

Record = dict[str, Any]


def corrected(query: dict[str, str], earlier: list[str]) -> bool:
    """Change a query that was refused, if it may have been for its terms.

    :param earlier: ids of the images that were listed, the last one left out
    :raises ImageNotFound: the marker that it began with is unknown
    """
    if earlier:
        # The last one is gone: go on after the one before it.
        query["marker"] = earlier.pop()
        return True
    if query.pop("created_at", None):
        # Some clouds cannot compare times.
        return True
    if "marker" in query:
        raise exception.ImageNotFound(
            f"No image has the id {query['marker']}: the list cannot go on "
            "from there"
        )
    return False


def read(answer: Any) -> Record:
    """Read a JSON object.

    :raises CatalogueUnavailable: it is something else
    """
    try:
        return documents.load_leniently(answer.content)
    except ValueError as error:
        raise no_answer(answer.text) from error


def records(page: Record) -> list[Record]:
    """Give the images of a page of a list.

    :raises CatalogueUnavailable: it is none
    """
    found = page.get("images")
    if not isinstance(found, list) or not all(map(is_record, found)):
        raise no_answer(str(page))
    return found


def is_record(value: object) -> bool:
    """Tell whether something is an image."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("id"), str)
        and bool(value["id"])
    )


def is_gone(record: Record) -> bool:
    """Tell whether an image is deleted, or half deleted."""
    return record.get("status") in ("deleted", "pending_delete")


def no_answer(text: str) -> exception.CatalogueUnavailable:
    """Say that an answer is none of Glance.

    :param text: the answer
    """
    return exception.CatalogueUnavailable(
        "Something else than Glance answers at its address: "
        f"{errors.shorten(text)}"
    )
