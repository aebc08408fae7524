# SPDX-License-Identifier: Apache-2.0
"""What a person sees while operations go on."""

import io

import fixtures
import testtools

from reposync.client.osc import columns
from reposync.client.osc import progress
from reposync.client.sdk import operation


def running(done, total=None, phase="copying", **values):
    """Make an operation that goes on."""
    found = {"phase": phase, "bytes": done, "total": total}
    values = {"id": "o", "reference": "a:1", "kind": "pull"} | values
    return operation.Operation(state="running", progress=found, **values)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


class MeterTest(testtools.TestCase):
    """Rates, times that are left."""

    def setUp(self):
        super().setUp()
        self.now = 0.0
        self.meter = progress.Meter(lambda: self.now)

    def row(self, done, at, total=1_000_000_000, **values):
        self.now = at
        return self.meter.row(running(done, total, **values))

    def test_the_rate_is_that_of_the_last_seconds(self):
        self.assertIsNone(self.row(0, 0).rate)
        self.assertEqual(50e6, self.row(100_000_000, 2).rate)
        for second in range(3, 9):
            row = self.row(100_000_000 + (second - 2) * 10_000_000, second)
        self.assertEqual(10e6, row.rate)
        self.assertEqual(
            "a:1 copying [#         ]  16%  160.0 MB of 1.0 GB, "
            "10.0 MB/s, 1:24 left",
            progress.line(row, 3),
        )

    def test_a_new_attempt_and_a_new_phase_begin_anew(self):
        self.row(100, 0)
        self.row(200, 1)
        self.assertIsNone(self.row(50, 2).rate)
        self.assertIsNone(self.row(70, 3, phase="other").rate)

    def test_without_a_total_there_is_no_end(self):
        self.row(0, 0, None)
        text = progress.line(self.row(5_000_000, 1, None), 3)
        self.assertIn("5.0 MB, 5.0 MB/s", text)
        self.assertNotIn("left", text)
        self.assertNotIn("%", text)

    def test_what_has_not_begun_has_its_state(self):
        row = self.meter.row(running(0, phase=None))
        self.assertEqual("running", row.phase)
        self.assertNotIn("0 B", progress.line(row, 3))


class ViewTest(testtools.TestCase):
    """Terminals, logs, neither."""

    def test_the_choice(self):
        self.use_terminal("xterm")
        self.assertIsInstance(progress.view(Terminal(), True), progress.Screen)
        self.assertIsInstance(
            progress.view(io.StringIO(), True), progress.Lines
        )
        self.assertTrue(progress.view(Terminal(), False).silent)
        self.use_terminal("dumb")
        self.assertIsInstance(progress.view(Terminal(), True), progress.Lines)

    def use_terminal(self, terminal):
        self.useFixture(fixtures.EnvironmentVariable("TERM", terminal))

    def test_nothing_is_written_by_the_silent_one(self):
        view = progress.View()
        view.draw(["head"], [progress.Row("a", "copying")])
        view.say("x")
        view.close()

    def test_lines_are_written_when_something_changes(self):
        out = io.StringIO()
        view = progress.Lines(out)
        for done in (1, 2, 3):
            view.draw(["1 of 2"], [progress.Row("a", "copying", done)])
        view.draw(["2 of 2"], [])
        view.say("a: created")
        view.close()
        self.assertEqual(
            "1 of 2\na: copying\n2 of 2\na: created\n", out.getvalue()
        )

    def test_a_terminal_is_drawn_over(self):
        out = Terminal()
        view = progress.Screen(out)
        view.draw(["head"], [progress.Row("a", "copying")])
        view.say("b: created")
        view.draw(["head"], [progress.Row("a", "copying", 5)])
        view.close()
        drawn = out.getvalue().split("\x1b[2F\x1b[J")
        self.assertEqual(3, len(drawn))
        self.assertEqual("", drawn[-1])
        self.assertTrue(drawn[1].startswith("b: created\nhead\na "))

    def test_of_a_long_name_the_end_is_shown(self):
        self.useFixture(fixtures.EnvironmentVariable("COLUMNS", "80"))
        out = Terminal()
        name = "registry.example.org:5000/team/application:1"
        row = progress.Row(name, "copying", 999_900_000, 999_900_000, 99.9e6)
        progress.Screen(out).draw([], [row])
        self.assertEqual(
            "…plication:1 copying [##########] 100%  999.9 of 999.9 MB, "
            "99.9 MB/s, 0:00 left",
            out.getvalue().rstrip(),
        )

    def test_no_more_rows_than_there_is_room_for(self):
        for name, value in (("LINES", "10"), ("COLUMNS", "30")):
            self.useFixture(fixtures.EnvironmentVariable(name, value))
        out = Terminal()
        rows = [progress.Row(f"r{n}", "copying", 5) for n in range(40)]
        progress.Screen(out).draw(["head"], rows)
        lines = out.getvalue().splitlines()
        self.assertEqual("... and 33 more", lines[-1])
        self.assertEqual(9, len(lines))
        self.assertTrue(all(len(line) < 30 for line in lines))


class ColumnsTest(testtools.TestCase):
    """Values as people and machines get them."""

    def test_bytes(self):
        for number, text in (
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (60_198_792, "60.2 MB"),
            (5 * 10**15, "5000.0 TB"),
        ):
            self.assertEqual(text, columns.size(number))
        self.assertEqual(7, columns.Bytes(7).machine_readable())
        self.assertEqual("", columns.Bytes(None).human_readable())

    def test_progress(self):
        for value, text in (
            ({"phase": None, "bytes": 0, "total": None}, ""),
            ({"phase": "copying", "bytes": 0, "total": 5}, "copying"),
            (
                {"phase": "copying", "bytes": 2_000, "total": None},
                "copying, 2.0 kB",
            ),
            (
                {"phase": "pulling", "bytes": 2_000_000, "total": 3_000_000},
                "pulling, 2.0 of 3.0 MB",
            ),
            (
                {"phase": "pulling", "bytes": 2_000, "total": 3_000_000},
                "pulling, 2.0 kB of 3.0 MB",
            ),
        ):
            self.assertEqual(text, columns.Progress(value).human_readable())

    def test_counts(self):
        found = {"created": 1, "updated": 0, "failed": 2, "total": 3}
        self.assertEqual("1 created, 2 failed", columns.counts(found))
        self.assertEqual("none", columns.counts({}))

    def test_titles(self):
        self.assertEqual(
            ("ID", "Image ID", "State"),
            columns.titles(("id", "image_id", "state")),
        )
