# SPDX-License-Identifier: Apache-2.0
"""The layout of archives."""

import io
import json
import tarfile

import hypothesis
from hypothesis import strategies
import testtools

from reposync import reference as ref
from reposync.sources.archive import writer
from reposync.sources.oci import manifests

DIGEST = "sha256:" + "a" * 64


def blob(letter, size):
    """Describe a layer."""
    return manifests.Descriptor("tar", f"sha256:{letter * 64}", size)


class LayoutTest(testtools.TestCase):
    """One tar, right to the last byte."""

    def layout(self, name, *layers):
        manifest = manifests.Manifest(
            b"{}", manifests.OCI_MANIFEST, blob("c", 2), layers
        )
        return writer.Layout(
            ref.Reference.parse(name), DIGEST, manifest, b"{}"
        )

    def read(self, layout):
        pieces = layout.pieces(lambda layer: iter([b"x" * layer.size]))
        return b"".join(pieces)

    def test_the_length_is_that_of_the_pieces(self):
        for sizes in ((), (0,), (1,), (511, 512, 513), (10_000, 3)):
            layers = [blob(str(n), size) for n, size in enumerate(sizes)]
            layout = self.layout("a", *layers)
            data = self.read(layout)
            self.assertEqual(layout.size, len(data))
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                names = tar.getnames()
            self.assertEqual(5 + len(sizes), len(names))
            self.assertFalse([name for name in names if name[0] in "./"])

    @hypothesis.settings(
        deadline=None,
        max_examples=60,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
    @hypothesis.given(
        strategies.lists(
            strategies.tuples(
                strategies.sampled_from(["sha256:", "sha512:"]),
                strategies.integers(0, 5000) | strategies.just(2**21 + 1),
            ),
            max_size=5,
        ),
        strategies.sampled_from([2, 5000, 3 * 1024**2 + 5]),
        strategies.sampled_from(["a", f"h:5/{'b' * 200}:{'t' * 128}"]),
    )
    def test_any_layout_is_as_long_as_it_says(self, blobs, config, name):
        layers = [
            manifests.Descriptor(
                "tar",
                algorithm + f"{number}" * (int(algorithm[3:6]) // 4),
                size,
            )
            for number, (algorithm, size) in enumerate(blobs)
        ]
        manifest = manifests.Manifest(
            b"{}", manifests.OCI_MANIFEST, blob("c", config), tuple(layers)
        )
        layout = writer.Layout(
            ref.Reference.parse(name), DIGEST, manifest, b"{" * config
        )
        sizes = []
        for piece in layout.pieces(self.in_pieces):
            sizes.append(len(piece))
        self.assertEqual(layout.size, sum(sizes))
        self.assertLessEqual(max(sizes), writer.PIECE)
        self.assertEqual(0, layout.size % tarfile.BLOCKSIZE)

    def in_pieces(self, layer):
        for start in range(0, layer.size, writer.PIECE):
            yield bytes(min(writer.PIECE, layer.size - start))

    def test_a_name_of_128_digits_is_whole(self):
        layer = manifests.Descriptor("tar", f"sha512:{'5' * 128}", 3)
        data = self.read(self.layout("a", layer))
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            self.assertIn(f"blobs/sha512/{'5' * 128}", tar.getnames())

    def test_a_layer_that_occurs_twice_is_stored_once(self):
        one, two = blob("1", 5), blob("2", 5)
        data = self.read(self.layout("a", one, two, one))
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            names = tar.getnames()
            [entry] = json.load(tar.extractfile("manifest.json"))
        self.assertEqual(len(set(names)), len(names))
        self.assertEqual(entry["Layers"][0], entry["Layers"][2])

    def test_a_layer_of_many_gigabytes(self):
        size = 9 * 1024**3
        layout = self.layout("a", blob("1", size))
        self.assertGreater(layout.size, size)
        pieces = layout.pieces(lambda layer: iter(()))
        next(pieces)
        header = tarfile.TarInfo.frombuf(next(pieces), "utf-8", "strict")
        self.assertEqual(size, header.size)

    def test_names(self):
        for name, tag, full in (
            ("busybox", "busybox:latest", "docker.io/library/busybox:latest"),
            ("h:5/a/b:1", "h.5/a/b:1", "h.5/a/b:1"),
        ):
            data = self.read(self.layout(name))
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                [entry] = json.load(tar.extractfile("manifest.json"))
                index = json.load(tar.extractfile("index.json"))
            self.assertEqual([tag], entry["RepoTags"])
            notes = index["manifests"][0]["annotations"]
            self.assertEqual(full, notes["io.containerd.image.name"])
