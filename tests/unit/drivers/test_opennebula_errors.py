# SPDX-License-Identifier: Apache-2.0
"""What the OpenNebula driver makes of refusals and silence."""

import os
import ssl

from lab import certificates
from reposync import exception
from tests.fixtures import one_server
from tests.unit.drivers import one_base

PASSWORD = one_base.PASSWORD


class RefusalTest(one_base.RefusalCase):
    """Refusals of OpenNebula, each with what to do."""

    def test_authentication(self):
        self.driver = self.make_driver(password="wrong-secret")
        error = self.refused(exception.CatalogueDenied, "auth_file")
        self.assertNotIn("wrong-secret", error.message)

    def test_authorisation(self):
        image, _ = self.update(b"one")
        self.use_account()
        error = self.assertRaises(
            exception.CatalogueDenied, self.driver.image, image.id
        )
        self.assertIn("does not allow", error.message)

    def test_images_of_other_users_are_left_alone(self):
        image, _ = self.update(b"one")
        self.cloud.images[int(image.id)].mode = "666"
        self.use_account()
        self.assertRaises(
            exception.ImageNotManaged, self.driver.delete, image.id
        )
        other, outcome = self.update(b"two")
        self.assertEqual("created", outcome)
        self.assertEqual(2, len(self.all_images()))
        self.assertNotEqual(image.id, other.id)

    def test_quota(self):
        self.use_account()
        self.cloud.quota = 1
        self.update(b"one")
        self.refused(exception.CatalogueQuotaExceeded, "quota")

    def test_no_space(self):
        self.update(b"one")
        self.cloud.full = True
        self.refused(exception.CatalogueQuotaExceeded, "datastore is full")

    def test_no_datastore(self):
        self.driver = self.make_driver(datastore="nowhere")
        for call in (self.driver.check, lambda: self.update(b"one")):
            error = self.assertRaises(exception.CatalogueUnsuitable, call)
            self.assertIn("'nowhere'", error.message)
            self.assertIn("onedock, files", error.message)
        self.driver = self.make_driver(datastore="files")
        self.refused(exception.CatalogueUnsuitable, "not for images")

    def test_a_datastore_may_be_named_by_its_id(self):
        self.driver = self.make_driver(datastore="1")
        image, _ = self.update(b"one")
        self.assertEqual(1, self.cloud.images[int(image.id)].datastore.id)

    def test_a_name_that_others_have(self):
        text = f'NAME="{self.name}"\nPATH="/var/tmp/x"\n'
        self.cloud.allocate(self.cloud.oneadmin, text, 100)
        self.refused(exception.CatalogueError, "name_template")

    def test_a_file_that_may_not_be_read(self):
        def deny(path):
            raise OSError(f"Not allowed to copy image from {path}")

        self.cloud._read = deny
        self.refused(exception.CatalogueUnsuitable, "SAFE_DIRS")

    def test_a_file_that_is_read_wrong(self):
        def differ(path):
            raise OSError("Hash does not match")

        self.cloud._read = differ
        self.refused(exception.ImageDamaged, "something else")

    def test_an_image_that_is_deleted_while_it_is_fetched(self):
        self.cloud.ticks = 10**9

        def delete():
            for image in list(self.cloud.images):
                del self.cloud.images[image]

        self.one.after = delete
        error = self.assertRaises(
            exception.CatalogueUnavailable, self.update, b"one"
        )
        self.assertIn("deleted while", error.message)

    def test_attributes_of_the_operator(self):
        self.driver = self.make_driver(
            attributes={"dev_prefix": "vd", "docker_tag": "mine"}
        )
        image, _ = self.update(b"one")
        found = self.cloud.images[int(image.id)].template
        self.assertEqual("vd", found["DEV_PREFIX"])
        self.assertEqual("1.0", found["DOCKER_TAG"])
        self.driver = self.make_driver(attributes={"a=b": "c"})
        self.refused(exception.CatalogueUnsuitable, "attributes")

    def test_a_directory_that_cannot_be_written(self):
        (self.path / "file").write_text("")
        self.driver = self.make_driver(directory=str(self.path / "file" / "x"))
        self.refused(exception.CatalogueUnavailable, str(self.path))

    def test_faults(self):
        del one_server._METHODS["one.image.rename"]
        self.addCleanup(
            one_server._METHODS.__setitem__, "one.image.rename", (int, str)
        )
        self.refused(exception.CatalogueUnsuitable, "older")


class AccountTest(one_base.OpenNebulaCase):
    """Where the account comes from."""

    def test_a_file_that_is_read_anew(self):
        path = self.path / "one_auth"
        path.write_text("oneadmin:wrong\n")
        self.driver = self.make_driver(auth_file=str(path), user="nobody")
        self.assertRaises(exception.CatalogueDenied, self.listed)
        path.write_text(f"oneadmin:{PASSWORD}\n")
        self.assertEqual([], self.listed())

    def test_no_account(self):
        path = self.path / "one_auth"
        texts = ("", "oneadmin", ":x", "oneadmin:", "a:b\nc:d", "\xff")
        for text in texts:
            path.write_bytes(text.encode("latin-1"))
            self.driver = self.make_driver(auth_file=str(path))
            error = self.assertRaises(exception.CatalogueDenied, self.listed)
            self.assertIn("auth_file", error.message)
        os.unlink(path)
        self.assertRaises(exception.CatalogueDenied, self.listed)
        self.assertEqual([], self.one.calls)


class SilenceTest(one_base.OpenNebulaCase):
    """A front end that is not there, or is something else."""

    def unavailable(self, *words):
        error = self.assertRaises(exception.CatalogueUnavailable, self.listed)
        self.assertTrue(error.retryable)
        for word in words:
            self.assertIn(word, error.message)
        self.assertNotIn(PASSWORD, error.message)

    def test_nobody_listens(self):
        self.driver = self.make_driver(endpoint="http://127.0.0.1:9/RPC2")
        self.unavailable("does not answer")

    def test_no_answer_in_time(self):
        self.driver = self.make_driver(timeout=1)
        with self.one._lock:
            self.unavailable("timed out")

    def test_an_answer_that_is_none(self):
        begin = b"<?xml version='1.0'?><methodResponse>"
        answers = (
            b"",
            b"<html>",
            b"<html><body><h1>It works!</h1></body></html>",
            b"<?xml version='1.0'?><a/>",
            begin + b"</methodResponse>",
            begin + b"<params></params></methodResponse>",
            *(
                begin + b"<params><param><value>" + value
                + b"</value></param></params></methodResponse>"
                for value in (
                    b"hello",
                    b"<i4>1</i4>",
                    b"<array><data></data></array>",
                    b"<struct></struct>",
                    b"<nonsense/>",
                )
            ),
            begin + b"<fault><value><i4>1</i4></value></fault>"
            b"</methodResponse>",
        )  # fmt: skip
        for answer in answers:
            self.one.respond = lambda body, answer=answer: answer
            self.unavailable("not OpenNebula")

    def test_entities_are_not_resolved(self):
        secret = self.path / "secret"
        secret.write_text("what is in a file")
        for entity in (f'SYSTEM "{secret.as_uri()}"', '"what is inside"'):
            self.one.shown = (
                f"<!DOCTYPE p [<!ENTITY x {entity}>]><DATASTORE_POOL>"
                "<DATASTORE><NAME>&x;</NAME></DATASTORE></DATASTORE_POOL>"
            )
            error = self.assertRaises(
                exception.CatalogueUnsuitable, self.driver.check
            )
            self.assertNotIn("what is", error.message)

    def test_an_answer_that_is_cut_short(self):
        respond = self.one.respond
        self.one.respond = lambda body: respond(body)[:-40]
        self.unavailable("cut short")

    def test_a_proxy_that_refuses(self):
        for status, kind in (
            (401, exception.CatalogueDenied),
            (403, exception.CatalogueDenied),
            (404, exception.CatalogueUnavailable),
            (502, exception.CatalogueUnavailable),
            (503, exception.CatalogueUnavailable),
        ):
            self.one.status = status
            error = self.assertRaises(kind, self.listed)
            self.assertIn(str(status), error.message)

    def test_an_address_of_version_six(self):
        self.driver = self.make_driver(endpoint="http://[::1]:9/RPC2")
        self.unavailable("does not answer", "9")

    def test_the_password_goes_nowhere_else(self):
        self.one.redirect = "http://127.0.0.1:9/"
        self.unavailable("302")


class CertificateTest(one_base.OpenNebulaCase):
    """The front end behind TLS."""

    def setUp(self):
        super().setUp()
        certificates.make(self.path)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(
            self.path / "server-cert.pem", self.path / "server-key.pem"
        )
        self.one.encrypt(context)
        self.cafile = self.path / "ca.pem"
        self.config(
            endpoint=self.one.endpoint.replace("http:", "https:"),
            group="opennebula",
        )

    def test_an_unknown_authority(self):
        self.driver = self.make_driver()
        error = self.assertRaises(exception.CatalogueUnavailable, self.listed)
        self.assertIn("cafile", error.message)
        self.assertEqual([], self.one.calls)

    def test_a_known_one(self):
        self.driver = self.make_driver(cafile=str(self.cafile))
        self.update(b"one")
        self.assertEqual(1, len(self.listed()))

    def test_no_verification(self):
        self.driver = self.make_driver(insecure=True)
        self.assertEqual([], self.listed())
