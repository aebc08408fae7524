# SPDX-License-Identifier: Apache-2.0
"""Waiting for operations."""

import io

from keystoneauth1 import exceptions as keystone
from openstack import exceptions as sdk_exceptions
from osc_lib import exceptions
import testtools

from reposync.client.osc import follow
from reposync.client.osc import progress
from reposync.client.sdk import operation
from reposync.client.sdk import stream


class FakeClient:
    """Plays what was written down for each operation, a step a look.

    A step that is an exception is raised; the last one is repeated.
    """

    def __init__(self, **scripts):
        self.scripts = scripts
        self.parts = []
        self.healths = ["conductors OK"]

    def health(self):
        text = self.healths[0]
        if len(self.healths) > 1:
            del self.healths[0]
        return text

    def get_operation(self, key):
        steps = self.scripts[key]
        step = steps.pop(0) if len(steps) > 1 else steps[0]
        if isinstance(step, Exception):
            raise step
        return step

    def operations(self, *, parent, state, limit=None, paginated=True):
        return [
            part
            for part in self.parts
            if (part.parent_id, part.state) == (parent, state)
        ]


class Broken:
    """A stream that breaks after some parts."""

    def __init__(self, *parts):
        self.parts = parts

    def __iter__(self):
        yield from self.parts
        raise ValueError("cut")


def operation_of(key, state, kind="pull", **values):
    values = {"reference": None if kind == "sync" else f"{key}:1"} | values
    return operation.Operation(id=key, state=state, kind=kind, **values)


def part(key, **values):
    names = ("reference", "outcome", "image", "error", "operation_id")
    values = {"reference": f"{key}:1", "operation_id": key} | values
    return stream.Part(**dict.fromkeys(names) | values)


class FollowTest(testtools.TestCase):
    """Operations that end, fail, go on."""

    def setUp(self):
        super().setUp()
        self.out = io.StringIO()
        self.now = 0.0

    def sleep(self, seconds):
        self.now += seconds

    def follow(self, client, *operations, feed=None, timeout=None):
        follower = follow.Follower(
            client,
            progress.Lines(self.out),
            timeout,
            clock=lambda: self.now,
            sleep=self.sleep,
        )
        return follower.follow(operations, feed)

    @property
    def lines(self):
        return self.out.getvalue().splitlines()

    def test_the_next_attempt_and_why_the_last_one_failed(self):
        error = {"code": "source_unavailable", "message": "no answer"}
        waits = [
            operation_of(
                "a",
                "queued",
                attempt=attempt,
                max_attempts=5,
                error=error,
                next_attempt_at="2000-01-01T00:00:00.000Z",
            )
            for attempt in (1, 1, 2)
        ]
        client = FakeClient(a=[*waits, operation_of("a", "succeeded")])
        self.follow(client, waits[0])
        self.assertEqual(
            [
                "a:1: attempt 2 of 5 now: source_unavailable: no answer",
                "a:1: attempt 3 of 5 now: source_unavailable: no answer",
                "a:1: succeeded",
            ],
            self.lines,
        )

    def test_seconds_until_the_next_attempt(self):
        one = operation_of(
            "a",
            "queued",
            attempt=1,
            max_attempts=5,
            error={"code": "rate_limited", "message": "later"},
            next_attempt_at="1970-01-01T00:02:00.000Z",
        )
        retry = progress.retry(one, 98)
        self.assertEqual(
            "attempt 2 of 5 in 22 s: rate_limited: later", str(retry)
        )
        row = progress.Row("a:1", "queued", retry=retry)
        self.assertEqual(f"a:1 {retry}", progress.line(row, 3))

    def test_joining_one_that_failed_before(self):
        one = operation_of(
            "a",
            "queued",
            attempt=1,
            error={"code": "source_unavailable", "message": "no answer"},
            next_attempt_at="2000-01-01T00:00:00.000Z",
        )
        said = follow.joins(one)
        self.assertIn("joins operation a, which failed before", said)
        self.assertIn("attempt 2 now: source_unavailable: no answer", said)

    def test_no_conductor_begins(self):
        waits = operation_of("a", "queued")
        client = FakeClient(a=[waits] * 20 + [operation_of("a", "succeeded")])
        client.healths = [
            "conductors AWAY: No conductor runs: it stopped 9 s ago. More",
        ]
        self.follow(client, waits)
        self.assertEqual(
            [
                "a:1: queued",
                "No conductor runs: it stopped 9 s ago. Does a "
                "reposync-conductor run?",
                "a:1: succeeded",
            ],
            self.lines,
        )

    def test_conductors_that_are_busy_are_not_asked_for(self):
        waits = operation_of("a", "queued")
        client = FakeClient(a=[waits] * 20 + [operation_of("a", "succeeded")])
        self.follow(client, waits)
        self.assertEqual(["a:1: queued", "a:1: succeeded"], self.lines)

    def test_several_at_once_each_told_of_when_it_ends(self):
        a, b = (operation_of(key, "queued") for key in "ab")
        image = {"id": "i", "size": 5_000_000}
        error = {"code": "registry_denied", "message": "no"}
        client = FakeClient(
            a=[
                operation_of("a", "running", progress={"phase": "copying"}),
                operation_of("a", "succeeded", outcome="created", image=image),
            ],
            b=[operation_of("b", "failed", error=error)],
        )
        ended = self.follow(client, a, b, a)
        self.assertEqual(
            ["succeeded", "failed", "succeeded"],
            [each.state for each in ended],
        )
        self.assertEqual(
            [
                "b:1: failed: registry_denied: no",
                "a:1: copying",
                "a:1: created, 5.0 MB, image i",
            ],
            self.lines,
        )

    def test_a_service_that_is_away_for_a_while(self):
        away = keystone.ConnectFailure("refused")
        client = FakeClient(
            a=[away, away, away, operation_of("a", "succeeded")]
        )
        self.follow(client, operation_of("a", "queued"))
        self.assertEqual(1, len([x for x in self.lines if "again" in x]))
        self.assertIn("a:1: succeeded", self.lines)

    def test_a_service_that_stays_away(self):
        away = keystone.ConnectFailure("refused")
        client = FakeClient(a=[away])
        self.assertRaises(
            keystone.ConnectFailure,
            self.follow,
            client,
            operation_of("a", "queued"),
        )
        self.assertGreater(self.now, follow.PATIENCE)

    def test_an_answer_that_will_not_change(self):
        refusal = sdk_exceptions.NotFoundException("gone", http_status=404)
        client = FakeClient(a=[refusal])
        self.assertRaises(
            sdk_exceptions.NotFoundException,
            self.follow,
            client,
            operation_of("a", "queued"),
        )
        self.assertLess(self.now, 2)

    def test_when_the_time_is_up_it_says_how_to_go_on(self):
        client = FakeClient(a=[operation_of("a", "running")])
        error = self.assertRaises(
            exceptions.CommandError,
            self.follow,
            client,
            operation_of("a", "queued"),
            timeout=30,
        )
        self.assertIn("openstack reposync operation wait a;", str(error))
        self.assertGreater(self.now, 30)

    def sync(self, state, **counts):
        counts["total"] = sum(counts.values())
        return operation_of("s", state, "sync", counts=counts)

    def test_a_synchronisation_and_its_parts(self):
        client = FakeClient(
            s=[
                operation_of("s", "queued", "sync"),
                self.sync("running", unchanged=1, running=2),
                self.sync("failed", unchanged=1, created=1, failed=1),
            ]
        )
        error = {"code": "reference_not_found", "message": "what?"}
        client.parts = [
            operation_of(
                "b", "running", parent_id="s", progress={"phase": "copying"}
            ),
            operation_of("c", "failed", parent_id="s", error=error),
        ]
        # What the stream did not tell is looked up at the end.
        parts = part("a", outcome="unchanged", image={"id": "i", "size": 1})
        [ended] = self.follow(
            client, operation_of("s", "queued", "sync"), feed=Broken(parts)
        )
        self.assertEqual("failed", ended.state)
        self.assertEqual(
            {
                "a:1: unchanged, 1 B, image i",
                "b:1: copying",
                "c:1: failed: reference_not_found: what?",
                "sync: 1 of 3 done: 1 unchanged, 2 running",
                "sync: reading the list",
            },
            set(self.lines),
        )
        self.assertEqual(5, len(self.lines))
