# SPDX-License-Identifier: Apache-2.0
"""What strangers wrote reaches no log, row or terminal as it is."""

import doctest
import json
import logging
import subprocess
import sys

import testscenarios

from reposync import exception
from reposync import logs
from reposync import rpc
from reposync import texts
from reposync.db.connection import storable
from reposync.drivers import base as driver
from reposync.drivers.glance import errors as glance_errors
from reposync.drivers.opennebula.xmlrpc import errors as opennebula_errors
from reposync.drivers.opennebula.xmlrpc import template as opennebula_template
from reposync.sources import errors
from reposync.sources.oci import platforms
from reposync.webhooks import base as webhooks
from tests.unit import base

#: A line feed, ESC, NUL, half a character, a mark that reverses the text, a
#: separator of lines, and BEL.
NASTY = "a\r\nb\x1b[2J\0c\ud800d\u202ee\u2028f\x07"

_PROGRAM = r"""
import sys
from oslo_log import log
from reposync import service
service.prepare([], [sys.argv[1]])
LOG = log.getLogger("reposync.x")
LOG.info("said: %s", "a\n2026-01-01 INFO forged\x1b[2J")
try:
    raise ValueError("b\x1b[2J\nforged, too")
except ValueError:
    LOG.exception("trouble")
"""


class PlaceTest(testscenarios.WithScenarios, base.TestCase):
    """Each place where foreign text comes in."""

    scenarios = [
        (name, {"clean": clean})
        for name, clean in (
            ("a line", texts.line),
            ("anything", texts.printable),
            ("a row", storable.text),
            ("an error", lambda text: exception.ReposyncError(text).message),
            ("an error, logged", lambda text: str(exception.NotFound(text))),
            ("a registry", errors.shorten),
            ("a registry's error", lambda t: errors.registry_text(
                json.dumps({"errors": [{"message": t}]}).encode())),
            ("a platform", platforms._word),
            ("Glance", glance_errors.shorten),
            ("OpenNebula", opennebula_errors.shorten),
            ("a template", opennebula_template.clean),
            ("a webhook", lambda text: webhooks.ignored(text).note),
            ("a name in a catalogue",
             lambda t: driver.Image("1", t, "vm").to_dict()["name"]),
        )
    ]  # fmt: skip

    def test_only_what_is_printable_comes_through(self):
        found = self.clean(NASTY)
        self.assertTrue(found.isprintable(), ascii(found))
        self.assertTrue(found.startswith("a"), ascii(found))


class TextsTest(base.TestCase):
    """The helpers, and the log."""

    def test_the_examples(self):
        self.assertEqual((0, 2), doctest.testmod(texts))

    def test_good_texts_stay_as_they_are(self):
        for text in ("", "a b", "Bücher", "日本", "😀", "a  b"):
            self.assertEqual(text, texts.printable(text))

    def test_what_three_bytes_cannot_hold_is_left_out(self):
        self.assertEqual("日a", texts.basic("日😀a"))

    def test_what_is_long_is_cut(self):
        for cut in (
            texts.cut,
            lambda text: exception.InvalidRequest(text).message,
            lambda text: webhooks.ignored(text).note,
        ):
            self.assertEqual("x" * 1997 + "...", cut("x" * 2001))
            self.assertEqual("x" * 2000, cut("x" * 2000))

    def test_a_context_from_the_bus(self):
        made = rpc.ContextSerializer().deserialize_context(
            {"request_id": NASTY, "roles": ["a"], "is_admin": None}
        )
        self.assertTrue(made.request_id.isprintable())

    def test_a_record_is_a_line(self):
        record = logs.Record("x", logging.INFO, "f", 1, "%s", (NASTY,), None)
        self.assertTrue(record.getMessage().isprintable())
        self.assertIsNone(record.exc_text)
        record.exc_text = "one\ntwo\x1b"
        self.assertEqual("one\ntwo ", record.exc_text)

    def test_the_log_of_a_program(self):
        file = self.path / "reposync.conf"
        file.write_text("[api]\nauth_strategy = token\n")
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, file],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        self.assertNotIn("\x1b", done.stdout + done.stderr)
        lines = done.stdout.strip().split("\n")
        self.assertIn("said: a 2026-01-01 INFO forged [2J", lines[0])
        for line in lines:
            self.assertRegex(line, r"^\d{4}-\d\d-\d\d .* reposync\.x( |$)")
