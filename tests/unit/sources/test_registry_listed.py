# SPDX-License-Identifier: Apache-2.0
"""Lists of hosts in the options."""

from oslo_config import cfg
import testtools

from reposync.conf import registry as options
from reposync.sources.registry.transport.egress import listed

#: An entry, what it lists, and what it does not: host, port, address.
ENTRIES = (
    (
        "storage.corp",
        [("storage.corp", 443), ("STORAGE.corp.", 9000)],
        [("a.storage.corp", 443), ("storage.corp.example.org", 443)],
    ),
    ("s.corp:9000", [("s.corp", 9000)], [("s.corp", 443), ("s.corp", None)]),
    (
        "*.corp",
        [("s.corp", 443), ("a.s.corp", 1)],
        [("corp", 443), ("acorp", 443), ("s.corp.example.org", 443)],
    ),
    ("*.corp:9000", [("s.corp", 9000)], [("s.corp", 443)]),
    (
        "10.1.0.0/16",
        [("10.1.2.3", 443), ("s", 443, "10.1.2.3"), ("[::ffff:10.1.2.3]", 1)],
        [("10.2.0.1", 443), ("s", 443, "10.2.0.1"), ("s", 443)],
    ),
    ("10.1.2.3", [("s", 443, "10.1.2.3")], [("s", 443, "10.1.2.4")]),
    ("10.1.2.3:9", [("s", 9, "10.1.2.3")], [("s", 443, "10.1.2.3")]),
    (
        "fd00::/8",
        [("[fd00::1]", 443), ("s", 443, "fd00::1%2")],
        [("s", 443, "fe80::1")],
    ),
    ("10.1.0.0/16:9", [("s", 9, "10.1.2.3")], [("s", 443, "10.1.2.3")]),
    ("[fd00::/8]:9", [("[fd00::1]", 9)], [("[fd00::1]", 443)]),
    ("[fd00::1]:9", [("[fd00::1]", 9)], [("[fd00::1]", 443)]),
    ("::1", [("::1", 443)], [("::2", 443)]),
    ("", [], [("", 443), ("s", 443)]),
)


class ListedTest(testtools.TestCase):
    """What an entry lists."""

    def test_entries(self):
        for entry, inside, outside in ENTRIES:
            found = listed.Listed([entry])
            for place in inside:
                self.assertTrue(found.has(*place), (entry, place))
            for place in outside:
                self.assertFalse(found.has(*place), (entry, place))

    def test_what_the_option_takes(self):
        [option] = [
            each
            for each in options.OPTIONS
            if each.name == "allowed_private_hosts"
        ]
        self.assertIsInstance(option, cfg.ListOpt)
        taken = [entry for entry, _, _ in ENTRIES if entry]
        self.assertEqual(taken, option.type(",".join(taken)))
        for wrong in ("https://s.corp", "s.corp/a", "u@s.corp", "a b", "*"):
            self.assertRaises(ValueError, option.type, wrong)
