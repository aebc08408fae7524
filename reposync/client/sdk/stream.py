# SPDX-License-Identifier: Apache-2.0
"""Streams: how an operation goes while it goes.

The form is NDJSON (https://github.com/ndjson/ndjson-spec): one JSON object a
line, one for each image that is finished, the operation last.
"""

from collections.abc import Iterator
import dataclasses
import json
from typing import Any

from openstack import exceptions
import requests

from reposync.client.sdk import operation as _operation

MEDIA_TYPE = "application/x-ndjson"


@dataclasses.dataclass(frozen=True)
class Part:
    """An image that is finished or has failed.

    :ivar reference: the image in the registry; None for a deletion
    :ivar outcome: ``created``, ``updated``, ``unchanged``; None if it failed
    :ivar image: the image of the catalogue, with the fields of ``Image``
    :ivar error: why it failed: ``code`` and ``message``
    :ivar operation_id: the operation that did it
    """

    reference: str | None
    outcome: str | None
    image: dict[str, Any] | None
    error: dict[str, Any] | None
    operation_id: str


class Stream:
    """Iterates over the parts of an operation as they end.

    A service that streams as many answers as it can gives the plain answer
    instead: no parts, and an operation that is not finished yet.

    :ivar operation_id: known from the beginning
    :ivar operation: the operation after the last part; None before, and if
        the stream broke off
    """

    def __init__(self, response: requests.Response):
        """Take an answer whose body was not read yet."""
        self._response = response
        location = response.headers.get("Location", "")
        self.operation_id = location.rpartition("/")[2]
        self.operation: _operation.Operation | None = None

    def __iter__(self) -> Iterator[Part]:
        # Without chunks only single bytes come as soon as they are there.
        chunked = "Transfer-Encoding" in self._response.headers
        size = None if chunked else 1
        for line in self._response.iter_lines(chunk_size=size):
            if not line.strip():
                continue
            value = json.loads(line)
            if "errors" in value:
                raise exceptions.SDKException(value["errors"][0]["detail"])
            if "operation" in value:
                found = _operation.Operation.existing(**value["operation"])
                self.operation = found
                return
            yield Part(**value)

    def close(self) -> None:
        """Stop listening; the operation goes on."""
        self._response.close()
