# SPDX-License-Identifier: Apache-2.0
"""Tells how an operation goes while it goes, one JSON object a line.

The form is NDJSON (https://github.com/ndjson/ndjson-spec).  While there is
nothing to tell, single spaces keep the connection alive: JSON allows them
before an object, so every line stays one.
"""

from collections.abc import Iterator
import json
import threading
import time
from typing import Any

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync.api import errors
from reposync.api import views
from reposync.db import models
from reposync.db.connection import session
from reposync.db.queue import operations

LOG = log.getLogger(__name__)

MEDIA_TYPE = "application/x-ndjson"

#: Set while the server of this process stops: all streams end then.
STOPPING = threading.Event()


class Streams:
    """Lends a limited number of streams: each holds a thread."""

    def __init__(self, conf: cfg.ConfigOpts, db: session.Database):
        """Begin with all of them free."""
        self._conf = conf
        self._db = db
        self._free = threading.BoundedSemaphore(conf.api.max_streams)

    def open(
        self, operation: models.Operation, base_url: str, request_id: str
    ) -> "Stream | None":
        """Begin to tell of an operation; None if all streams are taken."""
        if not self._free.acquire(blocking=False):
            return None
        lines = follow(self._conf, self._db, operation, base_url, request_id)
        return Stream(lines, self._free)


class Stream:
    """The body of an answer; gives its place back when it is closed."""

    def __init__(
        self, lines: Iterator[bytes], free: threading.BoundedSemaphore
    ):
        """Take the place of `free` that was acquired."""
        self._lines = lines
        self._free: threading.BoundedSemaphore | None = free

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._lines)
        except StopIteration:
            self.close()
            raise

    def close(self) -> None:
        """End it; called by the server also when the caller went away."""
        free, self._free = self._free, None
        if free is not None:
            free.release()


def follow(
    conf: cfg.ConfigOpts,
    db: session.Database,
    operation: models.Operation,
    base_url: str,
    request_id: str,
) -> Iterator[bytes]:
    """Give a line for each finished pull, and the operation last.

    It always ends: with the operation, after ``stream_timeout``, when the
    server stops, or when the database is away.
    """
    options = conf.api
    now = time.monotonic()
    deadline, spoken = now + options.stream_timeout, now
    told = _Told(db, operation)
    # Servers send the headers with the first bytes: the caller shall know
    # the operation's address at once.
    yield b" "
    try:
        while True:
            current = operations.get(db, operation.id)
            for part in told.news(current):
                spoken = time.monotonic()
                yield _line(views.part(part))
            late = time.monotonic() > deadline or STOPPING.is_set()
            if current.finished or late:
                tally = operations.counts(db, [current.id])
                attempts = conf.conductor.max_attempts
                shown = views.operation(
                    current, base_url, tally, max_attempts=attempts
                )
                yield _line({"operation": shown})
                return
            if time.monotonic() >= spoken + options.stream_heartbeat:
                spoken = time.monotonic()
                yield b" "
            STOPPING.wait(options.stream_poll_interval)
    except exception.ReposyncError as error:
        yield errors.from_exception(error, request_id).body + b"\n"
    except Exception:
        LOG.exception("The stream of operation %s broke", operation.id)
        yield errors.from_status(500, request_id).body + b"\n"


class _Told:
    """Remembers which pulls were told of."""

    def __init__(self, db: session.Database, operation: models.Operation):
        self._db = db
        self._kind = operation.kind
        self._seen: set[str] = set()
        self._since = 0

    def news(self, current: models.Operation) -> list[models.Operation]:
        """List the pulls that ended since the last call."""
        if self._kind == "sync":
            # Those of the same millisecond may come in two rounds.
            ended = operations.finished_children(
                self._db, current.id, self._since
            )
        else:
            ended = [current] if current.finished else []
        fresh = [part for part in ended if part.id not in self._seen]
        self._seen.update(part.id for part in fresh)
        if ended:
            self._since = ended[-1].finished_at or 0
        return fresh


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"
