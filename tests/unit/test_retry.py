# SPDX-License-Identifier: Apache-2.0
"""What is tried again, held to the table in the documentation."""

from pathlib import Path
import re

import testtools

from reposync import exception
from reposync import retry

PAGE = Path(__file__).parents[2] / "doc/source/reliability.rst"
FIRST = 10


def rows():
    """Read the tables of the page: the cells of each row, in one line."""
    text = PAGE.read_text().partition("\nWhat is tried again\n")[2]
    text = text.partition("\nScenarios\n")[0]
    for row in re.split(r"^   \* - ", text, flags=re.M)[1:]:
        row = re.split(r"\n\n(?! {5})", row)[0]
        yield [" ".join(cell.split()) for cell in row.split("\n     - ")]


class TableTest(testtools.TestCase):
    """Row by row."""

    def listed(self, pattern):
        return {
            (found, cells[1])
            for cells in rows()
            for found in re.findall(rf"``({pattern})``", cells[0])
        }

    def test_statuses(self):
        listed = self.listed(r"\d+")
        self.assertGreater(len(listed), 40)
        for status, said in listed:
            self.assertEqual(said, retry.verdict(int(status)).value, status)
        known = {int(status) for status, _ in listed}
        self.assertEqual(set(), (retry._AGAIN | retry._NEVER) - known)

    def test_every_other_status_is_that_of_its_class(self):
        known = {int(status) for status, _ in self.listed(r"\d+")}
        for status in set(range(300, 600)) - known:
            said = "again" if status >= 500 else "final"
            self.assertEqual(said, retry.verdict(status).value, status)

    def test_words(self):
        listed = self.listed(r"[A-Za-z_]+")
        for word, said in listed:
            self.assertEqual(said, retry.verdict(400, word).value, word)
            self.assertEqual("final", retry.verdict(404, word).value, word)
        self.assertEqual(
            set(retry._CODES), {word.upper() for word, _ in listed}
        )

    def test_waits(self):
        waits = {
            cells[0]: [
                float(found[0])
                for cell in cells[2:]
                if (found := re.findall(r"^[\d.]+", cell))
            ]
            for cells in rows()
            if len(cells) == 4
        }
        waits.pop("What", None)
        done = retry.Download(100)
        delays = []
        for _ in range(20):
            done.broke()
            delays.append(done.delay())
        many = [retry.operation_delay(n, FIRST) for n in range(1, 20)]
        dead = [retry.takeover_delay(n, FIRST) for n in range(1, 20)]
        limits = [retry.limit_delay(n) for n in range(1, 20)]
        calls = [
            retry.call_delay(n, retry.FIRST_CALL)
            for n in range(retry.CALLS - 1)
        ]
        requests = [retry.request_delay(n) for n in range(1, 20)]
        for what, found in {
            "A request": requests,
            "A download": delays,
            "A limit that names no time": limits,
            "An operation": many,
            "An operation of a conductor that died": dead,
            "A callback": calls,
        }.items():
            first, longest = waits.pop(what)
            self.assertTrue(first / 2 <= found[0] <= first * 1.25, what)
            self.assertTrue(
                longest / 2 <= max(found) <= longest * 1.25, (what, found)
            )
        self.assertEqual({}, waits)


class OperationTest(testtools.TestCase):
    """Operations."""

    def test_what_a_server_asks_for_is_obeyed_within_bounds(self):
        for asked, given in ((0, 1), (30, 30), (10**9, 6 * 3600)):
            self.assertEqual(given, retry.operation_delay(1, FIRST, asked))

    def test_what_counts_and_what_is_tried_again(self):
        for kind, again, counts in (
            (exception.SourceUnavailable, True, True),
            (exception.RateLimited, True, False),
            (exception.RegistryDenied, False, True),
        ):
            error = kind("")
            self.assertEqual(again, retry.may_repeat(error, 1, 2))
            self.assertFalse(retry.may_repeat(error, 2, 2))
            self.assertEqual(counts, retry.counts(error))


class DownloadTest(testtools.TestCase):
    """Progress is what was not there before."""

    def broke(self, download, *bytes_reached):
        found = []
        for reached in bytes_reached:
            download.reached(reached)
            found.append(download.broke())
        return found

    def test_bytes_received_again_are_none(self):
        found = self.broke(retry.Download(2), 10, 10, 10)
        self.assertEqual([False, False, True], found)

    def test_progress_begins_anew(self):
        found = self.broke(retry.Download(2), 0, 10, 10, 20, 20, 20)
        self.assertEqual([False] * 5 + [True], found)

    def test_a_byte_with_each_request_ends(self):
        found = self.broke(retry.Download(2), *range(1, 30))
        self.assertEqual(20, found.index(True))

    def test_a_bad_line_that_brings_something_goes_on(self):
        found = self.broke(retry.Download(2), *range(0, 10**8, 10**5))
        self.assertNotIn(True, found)
