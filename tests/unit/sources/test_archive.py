# SPDX-License-Identifier: Apache-2.0
"""The check of an archive while it flows."""

import gzip
import hashlib
import io
import json
import tarfile

import testtools

from reposync import exception
from reposync.sources.archive import verifier

NAME = "busybox:1"
LAYERS = (b"first layer " * 50_000, b"second layer")


def sha(data):
    return hashlib.sha256(data).hexdigest()


def config_of(layers):
    ids = [f"sha256:{sha(layer)}" for layer in layers]
    return json.dumps({"rootfs": {"diff_ids": ids}}).encode()


class Builder:
    """Makes archives, with or without mistakes."""

    def __init__(self, layers=LAYERS, packed=False, modern=False):
        self.config = config_of(layers)
        self.image_id = f"sha256:{sha(self.config)}"
        self.members = []
        stored = [gzip.compress(each) if packed else each for each in layers]
        if modern:
            self.names = [f"blobs/sha256/{sha(each)}" for each in stored]
            config_name = f"blobs/sha256/{sha(self.config)}"
        else:
            self.names = [f"{sha(each)}/layer.tar" for each in stored]
            config_name = f"{sha(self.config)}.json"
        for name, data in zip(self.names, stored, strict=True):
            self.members.append((name, data))
        self.members.append((config_name, self.config))
        self.manifest = {
            "Config": config_name,
            "RepoTags": [NAME],
            "Layers": self.names,
        }

    def build(self):
        members = [
            *self.members,
            ("manifest.json", json.dumps([self.manifest]).encode()),
        ]
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for name, data in members:
                member = tarfile.TarInfo(name)
                if isinstance(data, str):
                    member.type, member.linkname = tarfile.SYMTYPE, data
                    tar.addfile(member)
                else:
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
        return buffer.getvalue()


class VerifiedTest(testtools.TestCase):
    """Good archives pass as they are; of the others the end is missing."""

    def test_a_configuration_that_is_too_long(self):
        made = Builder()
        made.config += b" " * 9 * 1024**2
        made.image_id = f"sha256:{sha(made.config)}"
        made.members[-1] = (made.members[-1][0], made.config)
        error = self.assertRaises(
            exception.ImageUnsupported, self.read, made.build(), made.image_id
        )
        self.assertIn("8388608", error.message)

    def test_pieces_are_short_whatever_the_engine_sends(self):
        made = Builder(layers=(bytes(5 * 1024**2),))
        data = made.build()
        for size in (1000, 3 * 1024**2 + 1, len(data)):
            self.assertEqual(data, self.read(data, made.image_id, size))
            self.assertLessEqual(max(map(len, self.seen)), 1024**2)

    def test_too_large_an_image(self):
        made = Builder()
        data = made.build()
        self.read(data, made.image_id, most=len(data))
        error = self.assertRaises(
            exception.ImageUnsupported,
            self.read,
            data,
            made.image_id,
            most=len(data) - 1,
        )
        self.assertIn("max_image_size", error.message)
        self.assertLess(len(b"".join(self.seen)), len(data))

    def test_what_unpacks_to_too_much(self):
        made = Builder(layers=(bytes(9 * 1024**2),) * 2, packed=True)
        data = made.build()
        self.assertLess(len(data), 1024**2)
        self.read(data, made.image_id, most=18 * 1024**2)
        # All layers count.
        self.assertRaises(
            exception.ImageUnsupported,
            self.read,
            data,
            made.image_id,
            most=17 * 1024**2,
        )

    def read(self, data, image_id, size=32768, most=2**40):
        pieces = (data[n : n + size] for n in range(0, len(data), size))
        self.seen = []
        for piece in verifier.verified(pieces, image_id, NAME, most):
            self.seen.append(piece)
        return b"".join(self.seen)

    def refused(self, data, image_id, words):
        error = self.assertRaises(
            exception.ArchiveDamaged, self.read, data, image_id
        )
        self.assertIn(words, error.message)
        self.assertLess(len(b"".join(self.seen)), len(data) or 1)

    def test_good_archives(self):
        for packed in (False, True):
            for modern in (False, True):
                builder = Builder(packed=packed, modern=modern)
                data = builder.build()
                for size in (1000, 32768, 1 << 20, len(data)):
                    found = self.read(data, builder.image_id, size)
                    self.assertEqual(data, found)
                    longest = max(map(len, self.seen))
                    self.assertLessEqual(longest, verifier.PIECE)

    def test_no_layers_at_all(self):
        builder = Builder(layers=())
        data = builder.build()
        self.assertEqual(data, self.read(data, builder.image_id))

    def test_a_layer_that_occurs_twice_is_a_link(self):
        builder = Builder(layers=(LAYERS[0], LAYERS[0]))
        first = builder.names[0]
        builder.members[1] = ("again/layer.tar", f"../{first}")
        builder.manifest["Layers"] = [first, "again/layer.tar"]
        data = builder.build()
        self.assertEqual(data, self.read(data, builder.image_id))

    def test_cut_anywhere(self):
        builder = Builder(layers=(b"x" * 3000, b"y" * 700))
        data = builder.build().rstrip(b"\0")
        data += b"\0" * (-len(data) % 512)
        whole = data + b"\0" * 1024
        self.read(whole, builder.image_id, 100)
        for end in range(0, len(whole), 250):
            self.assertRaises(
                exception.ArchiveDamaged,
                self.read,
                whole[:end],
                builder.image_id,
            )

    def test_an_error_behind_the_end(self):
        builder = Builder()
        data = builder.build() + b'{"message":"layer not known"}'
        self.refused(data, builder.image_id, "follows the archive")

    def test_an_error_in_the_middle(self):
        builder = Builder()
        data = builder.build()[:600_000] + b'{"message":"i/o error"}\n'
        self.assertRaises(
            exception.ArchiveDamaged, self.read, data, builder.image_id
        )

    def test_another_image(self):
        data = Builder().build()
        self.refused(data, f"sha256:{'0' * 64}", "not the one")

    def test_a_damaged_layer(self):
        for packed in (False, True):
            builder = Builder(packed=packed)
            name, data = builder.members[0]
            broken = data[:20] + b"?" + data[21:]
            builder.members[0] = (name, broken)
            self.refused(builder.build(), builder.image_id, "digest")

    def test_a_header_without_end(self):
        # A name of 8 GiB would be kept in memory before it is looked at.
        member = tarfile.TarInfo("x")
        member.type, member.size = tarfile.GNUTYPE_LONGNAME, 2**33
        head = member.tobuf(tarfile.GNU_FORMAT)
        read = []

        def pieces():
            yield head
            while len(read) < 100:
                read.append(bytes(1024 * 1024))
                yield read[-1]

        found = verifier.verified(pieces(), "", NAME, 2**40)
        error = self.assertRaises(exception.ArchiveDamaged, list, found)
        self.assertIn("too long", error.message)
        self.assertLess(len(read), 3)

    def test_what_is_missing(self):
        for position, words in ((0, "missing"), (2, "missing")):
            builder = Builder()
            del builder.members[position]
            self.refused(builder.build(), builder.image_id, words)
        builder = Builder()
        builder.manifest["Layers"] = builder.names[:1]
        self.refused(builder.build(), builder.image_id, "1 layers instead")
        builder = Builder()
        builder.manifest["RepoTags"] = None
        self.refused(builder.build(), builder.image_id, NAME)

    def test_a_bad_manifest(self):
        for manifest in (None, [], "x", {}):
            builder = Builder()
            builder.manifest = manifest
            self.assertRaises(
                exception.ArchiveDamaged,
                self.read,
                builder.build(),
                builder.image_id,
            )

    def test_names_that_lead_out(self):
        for name, data in (
            ("../evil", b"x"),
            ("/etc/evil", b"x"),
            ("a/../../evil", b"x"),
            ("link", "../../evil"),
        ):
            builder = Builder()
            builder.members.insert(0, (name, data))
            self.refused(builder.build(), builder.image_id, "leads out")

    def test_no_tar(self):
        for data in (b"", b'{"message":"no"}', b"\0" * 4096, b"x" * 4096):
            self.assertRaises(
                exception.ArchiveDamaged, self.read, data, "sha256:0"
            )

    def test_an_archive_without_end(self):
        builder = Builder(layers=())
        data = builder.build() + b"\0" * (4 << 20)
        self.refused(data, builder.image_id, "does not end")
