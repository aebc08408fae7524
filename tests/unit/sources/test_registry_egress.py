# SPDX-License-Identifier: Apache-2.0
"""Where a registry may lead the service to."""

import contextlib
import json
import os
from pathlib import Path
import select
import shutil
import socket
import tempfile

import fixtures

from reposync import exception
from reposync import reference as ref
from reposync.sources.registry import source as registry
from reposync.sources.registry.transport.egress import rules as egress
from tests.fixtures import elsewhere
from tests.fixtures import small_registry
from tests.unit import base

Kind = elsewhere.Kind
PLATFORM = "linux/amd64"

#: From where, and to where that may lead.
RULES = {
    Kind.PUBLIC: {Kind.PUBLIC},
    Kind.PRIVATE: {Kind.PUBLIC, Kind.PRIVATE},
    Kind.LOOPBACK: {Kind.PUBLIC, Kind.PRIVATE, Kind.LOOPBACK},
}
#: Ways to write 127.0.0.1, and this host.
ODD = (
    *("127.0.0.1", "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "0"),
    *("localhost", "localhost.", "LOCALHOST", "[::ffff:127.0.0.1]", "[::1]"),
    *("x@127.0.0.1", "registry.example.org@127.0.0.1", "0.0.0.0", "[::]"),
)


class EgressCase(base.TestCase):
    """A test with registries at addresses of each kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = Path(tempfile.mkdtemp())

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            self.useFixture(fixtures.EnvironmentVariable(name))
        self.layer = os.urandom(1000)
        self.network = elsewhere.Elsewhere()
        self.config(
            ca_file=str(self.folder / "ca.pem"),
            attempts=1,
            read_timeout=5,
            group="registry",
        )

    def at(self, kind, name="registry"):
        """Start a registry at an address of some kind."""
        host, address = f"{name}.example.org", elsewhere.AT[kind]
        self.network.names[host] = [[address]]
        return self.useFixture(
            elsewhere.Placed(self.layer, host, address, self.folder)
        )

    def trap(self, kind, name="trap"):
        """Listen at an address of some kind, where nobody may connect."""
        host, address = f"{name}.example.org", elsewhere.AT[kind]
        self.network.names[host] = [[address]]
        listening = socket.create_server((address, 0))
        self.addCleanup(listening.close)
        self.addCleanup(self.assert_untouched, listening)
        return f"{host}:{listening.getsockname()[1]}"

    def assert_untouched(self, listening):
        self.assertEqual([], select.select([listening], [], [], 0)[0])

    def read(self, where, source=None):
        """Read an image whole."""
        source = source or registry.RegistrySource(self.conf, self.network)
        name = ref.Reference.parse(
            f"{where.host}/{small_registry.REPOSITORY}:1"
        )
        resolved = source.resolve(name, PLATFORM)
        with source.archive(resolved, lambda *_: None) as archive:
            self.assertIn(self.layer, b"".join(archive))

    def refused(self, where, *words, source=None):
        """Read an image in vain; gives the error."""
        error = self.assertRaises(egress.Refused, self.read, where, source)
        for word in words:
            self.assertIn(word, error.message)
        return error

    def leads(self, where, part, place):
        """Let a registry redirect what it is asked for."""

        def fault(handler):
            if part not in handler.path:
                return None
            target = f"https://{place}{handler.path}"
            return handler.say(307, Location=target)

        where.fault = fault

    def wants_token(self, where, realm):
        """Let a registry name a token server."""
        where.fault = lambda handler: (
            handler.path.startswith("/v2/")
            and not handler.headers.get("Authorization")
            and handler.say(401, WWW_Authenticate=f'Bearer realm="{realm}"')
        )

    def gives_token(self, where):
        """Let a server give tokens."""
        body = json.dumps({"token": "t"}).encode()
        where.fault = lambda handler: (
            "/token" in handler.path and handler.say(200, body)
        )


class LeadsTest(EgressCase):
    """Every way that a registry has to name another host."""

    def test_redirects(self):
        for origin, allowed in RULES.items():
            self.config(
                allowed_private_hosts=["registry.example.org"],
                group="registry",
            )
            for part in ("/manifests/", "/blobs/"):
                for kind in Kind:
                    asked = self.at(origin)
                    if kind in allowed:
                        there = self.at(kind, "storage")
                        self.leads(asked, part, there.host)
                        self.read(asked)
                        self.assertTrue(there.seen)
                    else:
                        trap = self.trap(kind)
                        self.leads(asked, part, trap)
                        address = elsewhere.AT[kind]
                        self.refused(asked, trap, address)

    def test_token_servers(self):
        for origin, allowed in RULES.items():
            self.config(
                allowed_private_hosts=["registry.example.org"],
                group="registry",
            )
            for kind in Kind:
                asked = self.at(origin)
                if kind in allowed:
                    there = self.at(kind, "tokens")
                    self.gives_token(there)
                    self.wants_token(asked, f"{there.url}/token")
                    self.read(asked)
                    self.assertTrue(there.seen)
                else:
                    trap = self.trap(kind)
                    self.wants_token(asked, f"https://{trap}/token")
                    self.refused(asked, trap, elsewhere.AT[kind])

    def test_the_last_of_several_redirects(self):
        asked = self.at(Kind.PUBLIC)
        between = self.at(Kind.PUBLIC, "between")
        trap = self.trap(Kind.PRIVATE)
        self.leads(asked, "/blobs/", between.host)
        self.leads(between, "/blobs/", trap)
        self.refused(asked, trap)

    def test_a_redirect_of_a_token_server(self):
        asked = self.at(Kind.PUBLIC)
        tokens = self.at(Kind.PUBLIC, "tokens")
        trap = self.trap(Kind.LINK_LOCAL)
        self.wants_token(asked, f"{tokens.url}/token")
        self.leads(tokens, "/token", trap)
        self.refused(asked, trap)

    def test_a_token_server_that_was_named_before(self):
        asked = self.at(Kind.PUBLIC)
        tokens = self.at(Kind.PUBLIC, "tokens")
        body = b'{"token": "t"}'
        tokens.fault = lambda handler: (
            "/token" in handler.path
            and handler.say(200, body, Connection="close")
        )
        self.wants_token(asked, f"{tokens.url}/token")
        source = registry.RegistrySource(self.conf, self.network)
        self.read(asked, source)
        # The challenge is known; the name leads to another address now, and
        # nothing is kept: the token server closes its connections.
        self.network.names["tokens.example.org"] = [["127.0.2.1"]]
        name = ref.Reference.parse(f"{asked.host}/other/app:1")
        self.assertRaises(egress.Refused, source.resolve, name, PLATFORM)

    def test_pages_of_tags(self):
        asked = self.at(Kind.PUBLIC)
        trap = self.trap(Kind.PRIVATE)
        self.leads(asked, "/tags/", trap)
        source = registry.RegistrySource(self.conf, self.network)
        name = ref.Reference.parse(f"{asked.host}/team/app:1")
        error = self.assertRaises(
            egress.Refused, lambda: list(source.tags(name))
        )
        self.assertIn(trap, error.message)

    def test_parts_of_a_layer(self):
        asked = self.at(Kind.PUBLIC)
        trap = self.trap(Kind.PRIVATE)

        def fault(handler):
            if asked.layer not in handler.path:
                return None
            if "Range" in handler.headers:
                target = f"https://{trap}{handler.path}"
                return handler.say(307, Location=target)
            return handler.serve(most=10)

        asked.fault = fault
        self.assertRaises(exception.SourceError, self.read, asked)

    def test_plain_http(self):
        asked = self.at(Kind.PUBLIC)
        trap = self.trap(Kind.PUBLIC)
        for scheme in ("http", "ftp", "gopher", "file"):
            target = f"{scheme}://{trap}/x"
            asked.fault = lambda handler, target=target: (
                "/blobs/" in handler.path and handler.say(307, Location=target)
            )
            error = self.assertRaises(exception.SourceError, self.read, asked)
            self.assertIn(trap, error.message)

    def test_a_plain_realm_is_asked_with_tls(self):
        asked = self.at(Kind.PUBLIC)
        plain = self.useFixture(small_registry.SmallRegistry(self.layer))
        port = plain.host.rpartition(":")[2]
        self.network.names["plain.example.org"] = [["127.0.0.1"]]
        realm = f"http://plain.example.org:{port}/token"
        self.wants_token(asked, realm)
        self.config(allowed_private_hosts=["127.0.0.1"], group="registry")
        self.assertRaises(exception.SourceUnavailable, self.read, asked)
        self.assertEqual([], plain.seen)


class NamesTest(EgressCase):
    """Names, addresses, and how they are written."""

    def test_odd_forms(self):
        self.trap(Kind.LOOPBACK)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            for name in ODD:
                asked = self.at(Kind.PUBLIC)
                self.leads(asked, "/blobs/", f"{name}:{port}")
                self.refused(asked, "a loopback address")
                self.wants_token(asked, f"https://{name}:{port}/token")
                if "@" in name:
                    self.assertRaises(
                        exception.RegistryDenied, self.read, asked
                    )
                else:
                    self.refused(asked, "a loopback address")
                self.assert_untouched(listening)

    def test_what_libraries_read_in_different_ways(self):
        asked = self.at(Kind.PUBLIC)
        self.config(insecure=["*.lab"], group="registry")
        for name in (
            *("trap.example.org\\.lab", "trap.example.org%2f.lab"),
            *("a b.lab", "a;b.lab", "trap.example.org,.lab"),
        ):
            asked.fault = lambda handler, name=name: (
                "/blobs/" in handler.path
                and handler.say(307, Location=f"http://{name}/x")
            )
            error = self.assertRaises(exception.SourceError, self.read, asked)
            self.assertIn("no address", error.message)

    def test_a_name_is_resolved_once(self):
        asked = self.at(Kind.PUBLIC)
        storage = self.at(Kind.PUBLIC, "storage")
        answers = [[elsewhere.AT[Kind.PUBLIC]], [elsewhere.AT[Kind.LOOPBACK]]]
        self.network.names["storage.example.org"] = answers
        self.leads(asked, "/blobs/", storage.host)
        self.read(asked)
        self.assertEqual(1, self.network.asked.count("storage.example.org"))
        # A kept connection needs no name at all.
        self.assertEqual(1, self.network.asked.count("registry.example.org"))

    def test_a_second_answer_of_the_dns(self):
        asked = self.at(Kind.PUBLIC)
        trap = self.trap(Kind.PRIVATE, "registry")
        self.network.names["registry.example.org"] = [
            [elsewhere.AT[Kind.PUBLIC]],
            [elsewhere.AT[Kind.PRIVATE]],
        ]
        self.leads(asked, "/manifests/", trap)
        self.refused(asked, elsewhere.AT[Kind.PRIVATE])

    def test_what_may_be_connected_to_is_chosen(self):
        asked = self.at(Kind.PUBLIC)
        storage = self.at(Kind.PUBLIC, "storage")
        self.network.names["storage.example.org"] = [
            list(reversed(elsewhere.AT.values()))
        ]
        self.leads(asked, "/blobs/", storage.host)
        self.read(asked)

    def test_an_address_that_does_not_answer_is_passed_over(self):
        asked = self.at(Kind.PUBLIC)
        # Nobody listens there.
        self.network.names["registry.example.org"] = [
            ["127.0.2.77", elsewhere.AT[Kind.PUBLIC]]
        ]
        self.config(
            allowed_private_hosts=["registry.example.org"], group="registry"
        )
        self.read(asked)

    def test_a_name_without_an_address(self):
        self.network.names["registry.example.org"] = [[]]
        asked = self.at(Kind.PUBLIC)
        self.network.names["registry.example.org"] = [[]]
        self.assertRaises(exception.SourceUnavailable, self.read, asked)


class KeptTest(EgressCase):
    """Connections that were opened for somebody else."""

    def test_they_are_checked(self):
        inner = self.at(Kind.PRIVATE, "inner")
        source = registry.RegistrySource(self.conf, self.network)
        self.read(inner, source)
        inner.seen.clear()
        asked = self.at(Kind.PUBLIC)
        self.leads(asked, "/blobs/", inner.host)
        self.refused(asked, inner.host, source=source)
        self.assertEqual([], inner.seen)
        # Who has named it may go on.
        self.read(inner, source)

    def test_a_host_that_has_another_address(self):
        both = self.useFixture(
            elsewhere.Placed(
                self.layer, "both.example.org", "0.0.0.0", self.folder
            )
        )
        inner, outer = elsewhere.AT[Kind.PRIVATE], elsewhere.AT[Kind.PUBLIC]
        self.network.names["both.example.org"] = [[inner], [inner, outer]]
        source = registry.RegistrySource(self.conf, self.network)
        self.read(both, source)
        asked = self.at(Kind.PUBLIC)
        self.leads(asked, "/blobs/", both.host)
        self.read(asked, source)


class OriginTest(EgressCase):
    """From where a registry leads anywhere."""

    def test_an_address_that_looks_private(self):
        asked = self.at(Kind.PRIVATE)
        trap = self.trap(Kind.PRIVATE)
        self.leads(asked, "/blobs/", trap)
        self.network.is_inside = lambda _: False
        self.refused(asked, "at a public address", trap)

    def test_a_host_that_the_operator_named(self):
        place = elsewhere.AT[Kind.LINK_LOCAL]
        rules = egress.Egress(self.conf, self.network)
        trail = rules.trail(f"{place}:5000", configured=True)
        self.assertEqual([place], trail.choose(place, 5000))
        trail.arrived_at(place)
        # Itself, and nothing else there.
        self.assertEqual([place], trail.choose(place, 5000))
        self.assertRaises(egress.Refused, trail.choose, place, 5001)


class ListedTest(EgressCase):
    """What the operator allows."""

    def test_each_kind_of_entry(self):
        asked = self.at(Kind.PUBLIC)
        storage = self.at(Kind.PRIVATE, "storage")
        self.leads(asked, "/blobs/", storage.host)
        self.refused(asked, f"add {storage.host} to [registry] allowed")
        for entry in (
            "storage.example.org",
            storage.host,
            "*.example.org",
            "127.0.2.0/24",
            "127.0.2.1",
        ):
            self.config(allowed_private_hosts=[entry], group="registry")
            self.read(asked)
        for entry in (
            "example.org",
            "storage.example.org:1",
            "*.storage.example.org",
            "127.0.3.0/24",
        ):
            self.config(allowed_private_hosts=[entry], group="registry")
            self.refused(asked, storage.host)

    def test_certificates_are_checked(self):
        asked = self.at(Kind.PUBLIC)
        storage = self.at(Kind.PRIVATE, "storage")
        other = storage.host.replace("storage.example.org", "storage.corp")
        self.network.names["storage.corp"] = [["127.0.2.1"]]
        self.leads(asked, "/blobs/", other)
        self.config(allowed_private_hosts=["*.corp"], group="registry")
        error = self.assertRaises(
            exception.SourceUnavailable, self.read, asked
        )
        self.assertIn("certificate", error.message)
        self.config(
            allowed_private_hosts=[], insecure=["*.corp"], group="registry"
        )
        self.read(asked)

    def test_a_registry_on_this_machine_is_listed(self):
        for kind in (Kind.LOOPBACK, Kind.LINK_LOCAL):
            asked = self.at(kind)
            self.refused(
                asked,
                elsewhere.AT[kind],
                f"add {asked.host} to [registry] insecure",
                "[registry] allowed_private_hosts",
            )
            self.assertEqual([], asked.seen)
            self.config(allowed_private_hosts=[asked.host], group="registry")
            self.read(asked)
            self.config(allowed_private_hosts=[], group="registry")

    def test_a_private_registry_needs_no_entry(self):
        self.read(self.at(Kind.PRIVATE))

    def test_a_mirror_is_named_by_the_operator(self):
        mirror = self.at(Kind.LOOPBACK, "mirror")
        self.config(mirrors={"r.example.net": mirror.host}, group="registry")
        source = registry.RegistrySource(self.conf, self.network)
        name = ref.Reference.parse("r.example.net/team/app:1")
        self.assertTrue(source.resolve(name, PLATFORM).digest)
        self.assertTrue(mirror.seen)

    def test_what_a_plain_mirror_redirects_within_itself(self):
        mirror = self.useFixture(small_registry.SmallRegistry(self.layer))

        def fault(handler):
            return "?" not in handler.path and handler.say(307, Location="?1")

        mirror.fault = fault
        for path in list(mirror.content):
            mirror.content[f"{path}?1"] = mirror.content[path]
        place = f"http://{mirror.host}"
        self.config(mirrors={"r.example.net": place}, group="registry")
        source = registry.RegistrySource(self.conf, self.network)
        name = ref.Reference.parse("r.example.net/team/app:1")
        self.assertTrue(source.resolve(name, PLATFORM).digest)


class WordsTest(EgressCase):
    """What is shown of an answer."""

    def test_nothing_from_another_host(self):
        asked = self.at(Kind.PUBLIC)
        storage = self.at(Kind.PUBLIC, "storage")
        self.leads(asked, "/manifests/", storage.host)
        for body in (
            b"words of somebody",
            b'{"message": "words of somebody"}',
            b'{"errors": [{"code": "DENIED", "message": "words of s"}]}',
            b"<Error><Code>words</Code><Message>words of s</Message></Error>",
        ):
            for status in (400, 403, 404, 500):
                storage.fault = lambda handler, status=status, body=body: (
                    handler.say(status, body)
                )
                error = self.assertRaises(
                    exception.SourceError, self.read, asked
                )
                self.assertNotIn("words", error.message)
                self.assertIn(f"{storage.host} said {status}", error.message)

    def test_the_registrys_own_form(self):
        asked = self.at(Kind.PUBLIC)
        own = b'{"errors": [{"code": "DENIED", "message": "own words"}]}'
        for body, shown in (
            (own, True),
            (b"own words", False),
            (b'{"message": "own words"}', False),
            (b'{"errors": ["own words"]}', False),
            (b'"own words"', False),
        ):
            asked.fault = lambda handler, body=body: handler.say(403, body)
            error = self.assertRaises(exception.SourceError, self.read, asked)
            self.assertEqual(shown, "own words" in error.message)
            self.assertIn("Forbidden" if not shown else "DENIED", str(error))

    def test_a_token_servers(self):
        asked = self.at(Kind.PUBLIC)
        tokens = self.at(Kind.PUBLIC, "tokens")
        self.wants_token(asked, f"{tokens.url}/token")
        for body, shown in (
            (b'{"details": "own words"}', True),
            (b'{"message": "own words"}', True),
            (b'{"errors": [{"code": "X", "message": "own words"}]}', True),
            (b'{"error": "x", "error_description": "own words"}', True),
            (b"own words", False),
            (b'{"other": "own words"}', False),
            (b'{"error": "own words"}', False),
        ):
            tokens.fault = lambda handler, body=body: handler.say(403, body)
            error = self.assertRaises(exception.SourceError, self.read, asked)
            self.assertEqual(shown, "own words" in error.message, body)

    def test_where_a_token_server_redirects_to(self):
        asked = self.at(Kind.PUBLIC)
        tokens = self.at(Kind.PUBLIC, "tokens")
        other = self.at(Kind.PUBLIC, "other")
        self.wants_token(asked, f"{tokens.url}/token")
        self.leads(tokens, "/token", other.host)
        other.fault = lambda handler: handler.say(403, b'{"message": "words"}')
        error = self.assertRaises(exception.SourceError, self.read, asked)
        self.assertNotIn("words", error.message)


class ProxyTest(base.TestCase):
    """What somebody else resolves."""

    def trail(self, origin=None):
        found = egress.Egress(self.conf, egress.Network())
        return found.trail("registry.example.org", origin)

    def test_names(self):
        public = self.trail(Kind.PUBLIC)
        for name in (
            *("localhost", "127.1", "2130706433", "10.0.0.1", "[fd00::1]"),
            *("metadata.google.internal", "a.corp", "minio", "[::1]"),
        ):
            error = self.assertRaises(
                egress.Refused, public.check_name, name, 443
            )
            self.assertIn(name.strip("[]"), error.message)
        public.check_name("storage.example.org", 443)
        self.trail(Kind.PRIVATE).check_name("a.corp", 443)
        self.trail().check_name("registry.corp", 443)
        self.assertRaises(
            egress.Refused, self.trail().check_name, "169.254.169.254", 443
        )

    def test_listed_ones(self):
        self.config(
            allowed_private_hosts=["*.corp", "10.0.0.0/8"], group="registry"
        )
        public = self.trail(Kind.PUBLIC)
        public.check_name("a.corp", 443)
        public.check_name("10.1.2.3", 443)
        with contextlib.suppress(egress.Refused):
            public.check_name("b.lan", 443)
            self.fail("it is not listed")


class DefaultsTest(base.TestCase):
    """As the service comes."""

    def test_nothing_is_insecure(self):
        self.assertEqual([], self.conf.registry.insecure)
        self.assertEqual([], self.conf.registry.allowed_private_hosts)

    def test_a_registry_on_this_machine(self):
        source = registry.RegistrySource(self.conf)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            place = f"localhost:{listening.getsockname()[1]}"
            name = ref.Reference.parse(f"{place}/app:1")
            error = self.assertRaises(
                egress.Refused, source.resolve, name, PLATFORM
            )
            self.assertEqual([], select.select([listening], [], [], 0)[0])
        self.assertIn(f"add {place} to [registry] insecure", error.message)
