# SPDX-License-Identifier: Apache-2.0
"""Waits for operations, and shows how they go meanwhile."""

import argparse
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
import logging
import queue
import threading
import time
from typing import Any

from osc_lib import exceptions
import requests

from reposync.client.osc import columns
from reposync.client.osc import command as osc
from reposync.client.osc import errors
from reposync.client.osc import idle
from reposync.client.osc import progress

LOG = logging.getLogger(__name__)

_BREAKS = (*errors.KNOWN, requests.RequestException, ValueError)
_FIRST, _SLOWER, _SLOWEST = 0.1, 1.5, 1.0
#: Seconds that the service may be away while somebody waits.
PATIENCE = 60.0
#: Seconds a stream may go on after its operation has ended.
_GRACE = 10.0
#: Parts of a synchronisation that are shown at a time.
_PARTS = 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--wait`` and ``--timeout``."""
    parser.add_argument(
        "--wait", action="store_true", help="Wait for the end, and show it"
    )
    add_timeout(parser)


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """Add ``--timeout``."""
    parser.add_argument(
        "--timeout",
        metavar="<seconds>",
        type=float,
        help="Wait no longer; the work goes on all the same",
    )


def wait(
    command: osc.Command,
    parsed_args: argparse.Namespace,
    operations: Sequence[Any],
    stream: Any = None,
) -> list[Any]:
    """Wait for operations if that is asked for; give them as they are then.

    What did not succeed is the failure of the command.

    :param stream: tells of the parts of the only operation
    :raises CommandError: they go on after the time that was given
    """
    app: Any = command.app
    wanted = parsed_args.formatter == "table" and app.options.verbose_level
    view = progress.view(app.stderr, bool(wanted))
    for each in operations:
        if getattr(each, "joined", False):
            view.say(joins(each))
    if not parsed_args.wait:
        return list(operations)
    follower = Follower(command.client, view, parsed_args.timeout)
    try:
        ended = follower.follow(operations, stream)
    except KeyboardInterrupt:
        view.close()
        app.stderr.write(f"\nInterrupted. {goes_on(operations)}\n")
        raise
    finally:
        view.close()
    bad = [each for each in ended if each.state != "succeeded"]
    for each in bad if view.silent else ():
        command.log.error("%s", summary(each))
    if bad:
        text = f"{len(bad)} of {len(ended)} operations did not succeed"
        command.failed = ". ".join(filter(None, (command.failed, text)))
    return ended


def joins(operation: Any) -> str:
    """Say that a request met one that waits already, and how that stands."""
    text = f"{progress.name(operation)}: joins operation {operation.id}"
    retry = progress.retry(operation)
    if retry:
        return f"{text}, which failed before; {retry}"
    return f"{text}, which waits since {operation.created_at}"


def goes_on(operations: Sequence[Any]) -> str:
    """Say how to follow operations, and how to stop them."""
    ids = " ".join(dict.fromkeys(str(each.id) for each in operations))
    return (
        "The service goes on. Follow it with: openstack reposync operation "
        f"wait {ids}; stop it with: openstack reposync operation cancel {ids}"
    )


def summary(ended: Any) -> str:
    """Say in a line what came of an operation, or of a part of one."""
    name = progress.name(ended)
    if ended.error:
        return f"{name}: failed: {columns.Error(ended.error).human_readable()}"
    if ended.outcome and ended.image:
        size = columns.Bytes(ended.image.get("size")).human_readable()
        return f"{name}: {ended.outcome}, {size}, image {ended.image['id']}"
    return f"{name}: {ended.outcome or ended.state}"


class Feed:
    """Reads a stream in a thread of its own.

    A stream that breaks is no error: the operation is looked at anyway.
    """

    def __init__(self, stream: Any):
        """Begin to read."""
        self._stream = stream
        self._parts: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def parts(self) -> Iterator[Any]:
        """Give what came since the last call."""
        while not self._parts.empty():
            yield self._parts.get()

    def join(self) -> None:
        """Wait for the rest, but not for long."""
        self._thread.join(_GRACE)

    def _read(self) -> None:
        try:
            for part in self._stream:
                self._parts.put(part)
        except _BREAKS as error:
            LOG.debug("The stream broke: %s", error)


class Follower:
    """Looks at operations again and again until all have ended.

    :param client: the ``Proxy``
    :param timeout: seconds; None for ever
    """

    def __init__(
        self,
        client: Any,
        view: progress.View,
        timeout: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._client, self._view = client, view
        self._clock, self._sleep = clock, sleep
        self._timeout = timeout
        self._meter = progress.Meter(clock)
        self._told: set[str] = set()
        self._away: float | None = None
        self._idle = idle.Idle(client, view.say, clock)

    def follow(
        self, operations: Sequence[Any], stream: Any = None
    ) -> list[Any]:
        """Wait for all; gives them as they have ended.

        :raises CommandError: the time is up
        """
        self._now = {each.id: each for each in operations}
        feed = Feed(stream) if stream else None
        begun, pause = self._clock(), _FIRST
        while True:
            self._look()
            self._hear(feed)
            if all(each.is_finished for each in self._now.values()):
                break
            self._idle.look(self._now.values())
            self._view.draw(*self._picture())
            if self._timeout and self._clock() - begun > self._timeout:
                raise exceptions.CommandError(
                    f"Not finished after {self._timeout:g} seconds. "
                    f"{goes_on(operations)}"
                )
            self._sleep(pause)
            pause = min(pause * _SLOWER, _SLOWEST)
        if feed:
            feed.join()
            self._hear(feed)
        self._tell_failed_parts()
        return [self._now[each.id] for each in operations]

    def _look(self) -> None:
        for key, each in self._now.items():
            if not each.is_finished:
                each = self._try(self._client.get_operation, key) or each
                self._now[key] = each
            if each.is_finished and each.kind != "sync":
                self._tell(each.id, each)

    def _hear(self, feed: Feed | None) -> None:
        for part in feed.parts() if feed else ():
            self._tell(part.operation_id, part)

    def _tell(self, operation_id: str, ended: Any) -> None:
        if operation_id not in self._told:
            self._told.add(operation_id)
            self._view.say(summary(ended))

    def _tell_failed_parts(self) -> None:
        for each in self._now.values():
            if each.kind == "sync" and each.state != "succeeded":
                query = {"parent": each.id, "state": "failed"}
                for part in self._client.operations(**query):
                    self._tell(part.id, part)

    def _picture(self) -> tuple[list[str], list[progress.Row]]:
        head, rows = [], []
        for each in self._now.values():
            if each.is_finished:
                continue
            if each.kind != "sync":
                rows.append(self._meter.row(each))
                continue
            head.append(_head(each.counts or {}))
            parts = self._try(self._parts, each.id) or []
            rows.extend(self._meter.row(part) for part in parts)
        return head, rows

    def _parts(self, parent: str) -> list[Any]:
        query = {"parent": parent, "state": "running", "limit": _PARTS}
        return list(self._client.operations(**query, paginated=False))

    def _try(self, ask: Callable[[str], Any], about: str) -> Any:
        """Ask; None if the service is away, but not for too long."""
        try:
            found = ask(about)
        except errors.KNOWN as error:
            now = self._clock()
            if self._away is None and errors.is_passing(error):
                self._away = now
                self._view.say(f"{errors.explain(error)}. Trying again")
            elif self._away is None or now - self._away > PATIENCE:
                raise
            return None
        self._away = None
        return found


def _head(counts: dict[str, int]) -> str:
    open_ = counts.get("queued", 0) + counts.get("running", 0)
    total = counts.get("total", 0)
    if not total:
        return "sync: reading the list"
    return f"sync: {total - open_} of {total} done: {columns.counts(counts)}"
