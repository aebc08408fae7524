# SPDX-License-Identifier: Apache-2.0
"""The line of the access log, without what a caller could forge it with."""

import logging
from urllib import parse

from oslo_log import log

LOG = log.getLogger(__name__)

#: What a path may hold as it is (RFC 3986, 3.3), and % as it came.
_SAFE = "/:@!$&'()*+,;=~%"
#: Longer ones say nothing more.
_LONGEST = 500


def write(
    caller: str,
    method: str,
    path: str,
    status: int | str,
    request_id: str,
    seconds: float = 0.0,
    level: int = logging.INFO,
) -> None:
    """Write a line for a request."""
    LOG.log(
        level,
        '%s "%s %s" %s %.3f s [%s]',
        clean(caller),
        clean(method),
        clean(path),
        status,
        seconds,
        request_id,
    )


def clean(text: str) -> str:
    """Write what is not printable, spaces and quotes as they are in URLs.

    :param text: as WSGI gives it: each character is a byte
    """
    known = text[:_LONGEST].encode("latin-1", "replace")
    more = "..." if len(text) > _LONGEST else ""
    return parse.quote(known, safe=_SAFE) + more
