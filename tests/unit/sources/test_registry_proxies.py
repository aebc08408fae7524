# SPDX-License-Identifier: Apache-2.0
"""Which proxy a request goes through."""

from reposync import exception
from reposync.sources.registry.transport.proxies import environment as proxies
from tests.unit import base

#: NO_PROXY, addresses without a proxy, addresses with one.
EXCLUDED = (
    ("", "https://localhost:5000 https://127.9.9.9 https://[::1]:5", "a.b"),
    (
        "registry.internal,127.0.0.1,.corp,10.0.0.0/8",
        "registry.internal a.corp a.b.corp 10.1.2.3:5000 corp "
        "sub.registry.internal REGISTRY.Internal registry.internal.",
        "registry.internal.example.org acorp 11.0.0.1 xregistry.internal",
    ),
    ("*", "example.org 8.8.8.8", ""),
    ("a.org:5000, b.org", "a.org:5000 b.org b.org:99", "a.org a.org:5001"),
    ("a.org:443", "a.org", "a.org:5000"),
    ("*.a.org", "x.a.org", "a.org"),
    ("a.org b.org\tc.org", "a.org b.org c.org", "d.org"),
    ("10.1.2.3/8", "10.9.9.9", "11.0.0.1"),
    ("192.0.2.7:5000", "192.0.2.7:5000", "192.0.2.7"),
    (
        "fd00::/8,[2001:db8::1],[2001:db8::2]:5000",
        "[fd12::5] [2001:db8::1]:77 [2001:db8::2]:5000",
        "[2001:db8::2] [2001:db8::3]",
    ),
    ("[2001:db8::]/32", "[2001:db8:5::1]", "[2001:db9::1]"),
    ("192.0.2.0/24", "[::ffff:192.0.2.5]", "192.0.3.1"),
    ("10.0.0.0/33,http://a.org,b.org", "b.org", "a.org 10.0.0.1"),
)

#: Values, and what they mean.
VALUES = (
    ("proxy:3128", "http://proxy:3128", None, ""),
    ("proxy", "http://proxy:80", None, ""),
    ("HTTP://proxy:3128/", "http://proxy:3128", None, ""),
    ("http://u:p%40ss@proxy:3128", "http://proxy:3128", "u", "p@ss"),
    ("u:p@ss:w@proxy:3128", "http://proxy:3128", "u", "p@ss:w"),
    ("http://u@proxy:3128", "http://proxy:3128", "u", ""),
    ("https://proxy", "https://proxy:443", None, ""),
    ("http://[::1]:3128", "http://[::1]:3128", None, ""),
    ("socks5h://proxy", "socks5h://proxy:1080", None, ""),
)

UNUSABLE = (
    "http://",
    "http://u:secret@",
    "http://u:secret@proxy:port",
    "http://u:secret@proxy:99999",
    "http://u:secret@proxy:0",
    "ftp://u:secret@proxy",
    "http://u:secret/1@proxy:3128",
    "http://u:secret@[::1",
    "http://u:secret@pro xy",
    "http://u:secret@pro\x01xy",
    "://u:secret@proxy",
)


class ChooseTest(base.TestCase):
    """What is chosen for an address."""

    def choose(self, url, **environ):
        if "://" not in url:
            url = f"https://{url}"
        return proxies.Proxies(environ).choose(url)

    def test_no_proxy(self):
        for excluded, without, through in EXCLUDED:
            for name in ("NO_PROXY", "no_proxy"):
                environ = {name: excluded, "HTTPS_PROXY": "proxy:3128"}
                for url in without.split():
                    self.assertIsNone(self.choose(url, **environ), url)
                for url in through.split():
                    self.assertIsNotNone(self.choose(url, **environ), url)

    def test_variables(self):
        environ = {"HTTP_PROXY": "plain", "ALL_PROXY": "socks5://all"}
        for url, address in (
            ("http://a", "http://plain:80"),
            ("https://a", "socks5://all:1080"),
        ):
            self.assertEqual(address, self.choose(url, **environ).address)
        both = {"https_proxy": "lower", "HTTPS_PROXY": "upper"}
        self.assertEqual("http://lower:80", self.choose("a", **both).address)
        empty = {"https_proxy": "", "HTTPS_PROXY": "upper"}
        self.assertEqual("http://upper:80", self.choose("a", **empty).address)
        self.assertIsNone(self.choose("https://a", HTTP_PROXY="plain"))

    def test_values(self):
        for value, address, user, password in VALUES:
            found = proxies.parse("HTTPS_PROXY", value)
            self.assertEqual(
                (address, user, password),
                (found.address, found.user, found.password),
            )

    def test_what_cannot_be_used_names_the_variable(self):
        for value in UNUSABLE:
            error = self.assertRaises(
                exception.SourceError, self.choose, "a", https_proxy=value
            )
            self.assertIn("https_proxy", error.message)
            self.assertNotIn("secret", error.message)

    def test_a_password_is_not_shown(self):
        found = proxies.parse("HTTPS_PROXY", "http://u:secret@proxy")
        self.assertNotIn("secret", f"{found} {found!r}")
        self.assertIn("proxy", str(found))

    def test_what_no_host_needs_is_not_read(self):
        environ = {"HTTPS_PROXY": "ftp://proxy", "NO_PROXY": "a.org"}
        self.assertIsNone(self.choose("a.org", **environ))
