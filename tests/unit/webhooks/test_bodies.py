# SPDX-License-Identifier: Apache-2.0
"""Bodies as they come over the wire."""

import gzip
import json
import urllib.parse
import zlib

import testtools

from reposync import exception
from reposync.webhooks import attachments
from reposync.webhooks import base
from reposync.webhooks import bodies
from reposync.webhooks import receivers

ONE = {"name": "r.example/team/\xe4pp", "tag": "1"}
TEXT = json.dumps(ONE, ensure_ascii=False)
FORM = "application/x-www-form-urlencoded"


class BodiesTest(testtools.TestCase):
    """What is JSON in the end, and what is refused."""

    def read(self, body, kind="", encoding=""):
        headers = {"content-type": kind, "content-encoding": encoding}
        return [json.loads(one) for one in bodies.read(headers, body)]

    def refused(self, *words, **how):
        error = self.assertRaises(exception.InvalidWebhook, self.read, **how)
        for word in words:
            self.assertIn(word, error.message)

    def test_one_object_however_it_is_packed(self):
        plain = TEXT.encode()
        form = urllib.parse.urlencode({"payload": TEXT}).encode()
        raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        for body, kind, encoding in (
            (plain, "", ""),
            (plain, "text/plain; charset=UTF-8", ""),
            (plain, "application/cloudevents+json; charset=utf-8", ""),
            # What curl and many scripts send without a word.
            (plain, FORM, ""),
            (b"\r\n  " + plain, "application/json", "identity"),
            (b"\xef\xbb\xbf" + plain, "application/json", ""),
            (TEXT.encode("utf-16"), "application/json", ""),
            (
                TEXT.encode("latin-1"),
                "application/json;charset=ISO-8859-1",
                "",
            ),
            (TEXT.encode("cp1252"), "text/json; charset=CP1252", ""),
            (TEXT.encode("latin-1"), "text/json; charset=latin-1", ""),
            (TEXT.encode("cp1252"), 'text/json; charset="windows-1252"', ""),
            (form, FORM, ""),
            (b"ref=main&" + form, f"{FORM}; charset=utf-8", ""),
            (form, "", ""),
            (gzip.compress(plain), "application/json", "gzip"),
            (gzip.compress(form), FORM, "x-GZIP"),
            (zlib.compress(plain), "application/json", "deflate"),
            (raw.compress(plain) + raw.flush(), "", "deflate"),
        ):
            self.assertEqual([ONE], self.read(body, kind, encoding), body)

    def test_several(self):
        batch = json.dumps([ONE, 1, ONE]).encode()
        kind = "application/cloudevents-batch+json"
        self.assertEqual([ONE, 1, ONE], self.read(batch, kind))

    def test_what_is_refused_with_what_to_do(self):
        choose = "application/json"
        bomb = gzip.compress(b" " * (2 << 20))
        for words, how in (
            ((choose,), {"body": b""}),
            ((choose,), {"body": b"a=1&b=2", "kind": FORM}),
            ((choose,), {"body": b"payload=1&payload=2", "kind": FORM}),
            ((choose,), {"body": b"&".join([b"a=1"] * 999), "kind": FORM}),
            ((choose,), {"body": b"--x", "kind": "multipart/form-data"}),
            (("gzip",), {"body": b"x", "encoding": "br"}),
            (("gzip",), {"body": b"{}", "encoding": "gzip"}),
            (("cut short",), {"body": bomb[:50], "encoding": "gzip"}),
            (("1048576",), {"body": bomb, "encoding": "gzip"}),
            (("UTF-8",), {"body": b'{"a": "\xff"}'}),
            (
                ("UTF-8",),
                {"body": b'{"a": "\xff"}', "kind": "x; charset=idna"},
            ),
            (("0 objects",), {"body": b"[]"}),
            (("101 objects",), {"body": json.dumps([1] * 101).encode()}),
            (("JSON",), {"body": b"[" * 100_000}),
        ):
            self.refused(*words, **how)

    def test_one_of_several_spoils_no_other(self):
        def parse(headers, body):
            return [base.Event(None, base.content(body)["action"])]

        found = receivers.read(parse, {}, b'[{"action": "ping"}, 1]')
        self.assertEqual(["ping", "ignore"], [each.action for each in found])
        self.assertRaises(
            exception.InvalidWebhook, receivers.read, parse, {}, b"[1, 2]"
        )


class AttachmentsTest(testtools.TestCase):
    """Tags and types of what is no image."""

    def test_tags(self):
        short, long = "sha256-" + "0a" * 32, "sha512-" + "0a" * 64
        for tag in (
            short, f"{short}.sig", f"{short}.att", f"{short}.sbom",
            f"{short}.dockerfile", f"{short}.eth0.sig", long, f"{long}.sig",
            long[:71], f"sbom-{short}.att", f"team.{short}.sig",
        ):  # fmt: skip
            self.assertTrue(attachments.is_tag(tag), tag)
        # Longer than a tag can be, and known all the same.
        named = base.image("r.example", "team/app", f"{long}.sig")
        self.assertEqual(f"{long}.sig", named.tag)
        for tag in (
            "latest", "1.0", "buildcache", "cache-amd64", "1.sig", "x.att",
            short[:-1], f"{short}0", f"v1-{short}", f"{short}-amd64",
            "sha-0a0a0a0", "sha256-0a.sig", "md5-" + "0a" * 32,
        ):  # fmt: skip
            self.assertFalse(attachments.is_tag(tag), tag)

    def test_types(self):
        for kind, word in (
            ("application/vnd.cncf.helm.config.v1+json", "Helm"),
            ("Application/VND.cncf.helm.config.v1+json; a=b", "Helm"),
            ("application/vnd.dev.cosign.artifact.sig.v1+json", "signature"),
            ("application/vnd.dev.sigstore.bundle.v0.3+json", "signature"),
            ("application/vnd.cncf.notary.signature", "signature"),
            ("application/vnd.in-toto+json", "attestation"),
            ("text/spdx+json", "components"),
            ("application/vnd.buildkit.cacheconfig.v0", "cache"),
            ("application/vnd.oci.empty.v1+json", "artifact"),
        ):
            self.assertIn(word, attachments.note(None, kind))
        self.assertIsNone(
            attachments.note(
                None, "", 1, [],
                "application/vnd.docker.container.image.v1+json",
                "application/vnd.oci.image.config.v1+json",
                "application/vnd.oci.image.manifest.v1+json",
                "application/vnd.oci.image.index.v1+json",
                "application/octet-stream", "application/json",
            )
        )  # fmt: skip
