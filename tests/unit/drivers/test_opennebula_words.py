# SPDX-License-Identifier: Apache-2.0
"""Words of OpenNebula and of its drivers, and what the service makes of them.

They are those of the sources of releases 6.0 to 7.4.
"""

import testscenarios

from reposync import exception
from reposync.drivers.opennebula.xmlrpc import errors
from tests.fixtures import one_files
from tests.fixtures.one_refusal import Refusal
from tests.unit.drivers import one_base

UNSUITABLE = exception.CatalogueUnsuitable
UNAVAILABLE = exception.CatalogueUnavailable


def words(mode, text, kind, hint):
    return (
        f"{mode} {text}",
        {"mode": mode, "text": text, "kind": kind, "hint": hint},
    )


class SizeTest(testscenarios.WithScenarios, one_base.RefusalCase):
    """An image whose size cannot be told is refused when it is made."""

    scenarios = [
        words("docker", "File not found", UNSUITABLE, "path = file"),
        words(
            "docker",
            "Runtime error during size estimation",
            UNSUITABLE,
            "path = file",
        ),
        words("docker", "the registry is away", UNAVAILABLE, "size"),
        words("file", "File not found", UNSUITABLE, "path_prefix"),
        words("file", "Failed to get image head", UNAVAILABLE, "HTTP server"),
        words(
            "file", "Runtime error during size estimation", UNAVAILABLE, "size"
        ),
        words(
            "file",
            "Unsupported remote image format",
            UNSUITABLE,
            "Content-Length",
        ),
        words("file", "Failed to detect image format", UNAVAILABLE, "size"),
        words("file", "Cannot get size from STAT", UNAVAILABLE, "size"),
        words("file", "", UNAVAILABLE, "size"),
    ]

    def test_size(self):
        def fail(path):
            raise one_files.Unknown(self.text)

        self.update(b"one")
        self.cloud._size = fail
        self.refused(self.kind, self.hint, self.text)


class DatastoreTest(one_base.RefusalCase):
    """What the drivers of datastores find by themselves."""

    def test_docker_paths_of_a_datastore_of_opennebula(self):
        for version in ("6.0.0", "6.8.3", "6.10.2", "7.4.0"):
            self.one.version = version
            self.driver = self.make_driver(path="docker", datastore="default")
            self.refused(UNSUITABLE, "docker://", "ONEDock")
            self.driver = self.make_driver(path="file")
            self.update(version.encode())

    def test_a_server_of_archives_that_is_away(self):
        self.driver = self.make_driver(path_prefix="http://127.0.0.1:9/x")
        error = self.refused(UNAVAILABLE, "HTTP server", "path_prefix")
        self.assertTrue(error.retryable)

    def test_a_directory_that_is_not_shared(self):
        self.driver = self.make_driver(path_prefix="/nowhere")
        self.refused(UNSUITABLE, "directory", "path_prefix")


class WordsTest(testscenarios.WithScenarios, one_base.RefusalCase):
    """Refusals of a call that makes or changes an image."""

    scenarios = [
        (text, {"code": code, "text": text, "kind": kind, "hint": hint})
        for code, text, kind, hint in (
            (8192, "Cannot process request, no leader found", UNAVAILABLE, ""),
            (
                8192,
                "Cannot process request, oned cluster in election mode",
                UNAVAILABLE,
                "",
            ),
            (8192, "Cannot process request, zone disabled", UNAVAILABLE, ""),
            (8192, "RPC call timed out and aborted", UNAVAILABLE, ""),
            (65536, "Error replicating log entry 7.", UNAVAILABLE, "leader"),
            (
                16384,
                "Error allocating a new image. Error inserting Image in DB.",
                UNAVAILABLE,
                "",
            ),
            (
                8192,
                "Cannot parse image SIZE: Could not get datastore driver",
                UNAVAILABLE,
                "",
            ),
            (
                512,
                "User [7] : Template includes a restricted attribute SOURCE.",
                UNSUITABLE,
                "attributes",
            ),
            (
                16384,
                "Error allocating a new image. This Datastore only accepts "
                "persistent images.",
                UNSUITABLE,
                "PERSISTENT",
            ),
            (
                512,
                "User [7] : group [1] limit of 3 reached for SIZE quota in "
                "DATASTORE with ID: 100.",
                exception.CatalogueQuotaExceeded,
                "quota",
            ),
            (
                512,
                "User [7] : Not authorized to perform USE DATASTORE [100].",
                exception.CatalogueDenied,
                "does not allow",
            ),
            (
                512,
                "User [7] : Not authorized to perform CREATE IMAGE .",
                exception.CatalogueDenied,
                "does not allow",
            ),
        )
    ]

    def test_words(self):
        self.use_account()
        self.update(b"one")

        def refuse(*arguments):
            raise Refusal(self.code, self.text)

        self.cloud.allocate = refuse
        self.refused(self.kind, self.hint)


class CopyTest(one_base.RefusalCase):
    """What a copy leaves in the image that it was for."""

    def fail(self, text):
        def read(path):
            raise OSError(text)

        self.cloud._read = read

    def test_archives_that_were_unpacked(self):
        self.update(b"one")
        # The command comes first, and is long.
        command = "INFO: cp: Copying local image. " + "x" * 600
        self.fail(f"{command} Unknown image format src=/a.tar")
        error = self.refused(UNSUITABLE, "NO_DECOMPRESS", "src=/a.tar")
        self.assertIn("Copying local", error.message)
        self.assertLess(len(error.message), 900)

    def test_what_is_unknown_may_be_the_network(self):
        self.fail("curl: (56) Recv failure: Connection reset by peer")
        error = self.refused(UNAVAILABLE, "Connection reset")
        self.assertTrue(error.retryable)


class ShortTest(one_base.OpenNebulaCase):
    """Long texts keep their begin and their end."""

    def test_both_ends(self):
        shown = errors.shorten("begin " + "x" * 5000 + " end")
        self.assertTrue(shown.startswith("begin"))
        self.assertTrue(shown.endswith("end"))
        self.assertLess(len(shown), 700)
        self.assertEqual("a b", errors.shorten("a\n b"))
