# SPDX-License-Identifier: Apache-2.0
"""Kinds of addresses, and of names."""

import testtools

from reposync.sources.registry.transport.egress import addresses

Kind = addresses.Kind

KINDS = {
    Kind.PUBLIC: (
        *("8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "193.0.0.1"),
        *("2a00:1450::1", "2606:4700::1111", "::ffff:8.8.8.8"),
        # What an IPv6-only host gets for a public IPv4 address.
        "64:ff9b::8.8.8.8",
    ),
    Kind.PRIVATE: (
        *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255"),
        *("192.168.0.1", "100.64.0.1", "100.127.255.255", "198.18.0.1"),
        *("192.0.0.8", "192.0.0.170", "192.0.2.1", "198.51.100.1"),
        *("203.0.113.1", "192.88.99.1", "240.0.0.1", "255.255.255.255"),
        *("fc00::1", "fd12:3456::1", "fec0::1", "2001:db8::1", "3fff::1"),
        *("100::1", "4000::1", "5f00::1", "2001:2::1", "::8.8.8.8"),
        *("2002:808:808::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1"),
        *("64:ff9b:1::8.8.8.8", "2002:a00:1::", "::ffff:100.64.0.1"),
        # Teredo, with public addresses inside.
        "2001:0:808:808::f7f7:f7f7",
        # ISATAP, with a private one.
        "2a00:1450::5efe:10.0.0.1",
    ),
    Kind.LOOPBACK: (
        *("127.0.0.1", "127.255.255.254", "::1", "0.0.0.0", "0.1.2.3", "::"),
        *("::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:0.0.0.0"),
        *("64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
        *("::127.0.0.1", "2a00:1450::5efe:127.0.0.1"),
        # Teredo, whose client is 127.0.0.1.
        "2001:0:808:808::80ff:fffe",
    ),
    Kind.LINK_LOCAL: (
        *("169.254.169.254", "169.254.170.2", "169.254.0.1"),
        *("fe80::1", "fe80::1%eth0", "fe80::a9fe:a9fe", "febf::1"),
        *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
        *("2002:a9fe:a9fe::1", "::169.254.169.254"),
        *("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"),
        *("100.100.100.200", "168.63.129.16", "192.0.0.192"),
        *("224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"),
        *("no address", ""),
    ),
}

NAMES = {
    Kind.PUBLIC: (
        *("registry.example.org", "8.8.8.8", "[2a00:1450::1]", "134744072"),
        *("localhost.example.org", "internal.example.org", "xlocal.org"),
    ),
    Kind.PRIVATE: (
        *("registry", "storage.corp", "a.b.internal", "printer.local"),
        *("minio.lan.", "NAS.Home.Arpa", "10.0.0.1", "0xa000001", "10.1"),
        *("a.b.svc", "x.cluster.local", "[fd00::1]", "intranet"),
    ),
    Kind.LOOPBACK: (
        *("localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.1"),
        *("2130706433", "0x7f.1", "0x7f000001", "017700000001", "0177.0.0.1"),
        *("0", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]"),
        *("127.0.0.1.", "\uff11\uff12\uff17.0.0.1"),
        *("127\u30020\u30020\u30021", "\u24dbocalhost"),
    ),
    Kind.LINK_LOCAL: (
        *("169.254.169.254", "2852039166", "0xa9.254.169.254", "[fe80::1]"),
        *("metadata", "metadata.google.internal.", "[fe80::1%25eth0]"),
    ),
}


class KindTest(testtools.TestCase):
    """What is told by an address, and what by a name."""

    def test_addresses(self):
        for kind, texts in KINDS.items():
            for text in texts:
                self.assertEqual(kind, addresses.kind(text), text)

    def test_what_nobody_outside_can_have(self):
        for text in ("10.0.0.1", "fd00::1", "::ffff:10.0.0.1", "100.64.0.1"):
            self.assertTrue(addresses.is_inside(text), text)
        for text in (
            # 6to4, Teredo and ISATAP: whoever likes can be there.
            *("2002:c633:6401::1", "2001:0:808:808::f7f7:f7f7"),
            *("2a00:1450::5efe:10.0.0.1", "64:ff9b::8.8.8.8", "8.8.8.8"),
        ):
            self.assertFalse(addresses.is_inside(text), text)

    def test_names(self):
        for kind, names in NAMES.items():
            for name in names:
                self.assertEqual(kind, addresses.kind_of_name(name), name)
