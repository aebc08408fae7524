# SPDX-License-Identifier: Apache-2.0
"""What an engine pulls and tells has bounds, too."""

from reposync import exception
from reposync import reference as ref
from reposync.sources import base as source_base
from reposync.sources.docker import source
from tests.fixtures import small_engine
from tests.unit import base

GIB = 1024**3


class LimitTest(base.TestCase):
    """The image store is the engine's own one."""

    def setUp(self):
        super().setUp()
        self.engine = self.useFixture(small_engine.SmallEngine())
        self.config(host=f"tcp://{self.engine.host}", group="docker")
        self.config(max_image_size=1, group="registry")
        self.source = source.DockerSource(self.conf)
        self.resolved = source_base.ResolvedImage(
            ref.Reference.parse("r.example.org/team/app:1"),
            f"sha256:{'2' * 64}",
            "linux/amd64",
        )

    def archive(self):
        """Pull, and open the archive."""
        with self.source.archive(self.resolved, lambda *_: None) as archive:
            return archive

    def downloading(self, *sizes):
        self.engine.events = [
            {
                "status": "Downloading",
                "id": str(number),
                "progressDetail": {"current": 1, "total": size},
            }
            for number, size in enumerate(sizes)
        ]

    def refused(self):
        error = self.assertRaises(exception.ImageUnsupported, self.archive)
        self.assertIn("max_image_size", error.message)

    def test_a_pull_is_ended_when_it_is_too_large(self):
        self.downloading(GIB // 2, GIB // 2)
        self.archive()
        self.downloading(GIB // 2, GIB // 2 + 1)
        self.refused()

    def test_what_was_pulled_is_too_large(self):
        self.engine.image["Size"] = GIB
        self.archive()
        self.engine.image["Size"] = GIB + 1
        self.engine.seen.clear()
        self.refused()
        self.assertFalse(
            [path for _, path in self.engine.seen if path.endswith("/tag")]
        )

    def test_labels_are_cut_and_cleaned(self):
        labels = {"a\0": "b\n\x1b\ud800c", "long": "x" * 10**6}
        self.engine.image["Config"] = {"Labels": labels}
        self.assertEqual(
            {"a": "b c", "long": "x" * 255}, self.archive().resolved.labels
        )
