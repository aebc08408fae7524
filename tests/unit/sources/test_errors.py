# SPDX-License-Identifier: Apache-2.0
"""What registries say when they refuse."""

import json

import testtools

from reposync.sources import errors


class RegistryTextTest(testtools.TestCase):
    """Foreign words become a short line that can be stored."""

    def test_words(self):
        for data, expected in (
            (b'{"errors": [{"code": "A", "message": "b"}]}', "A b"),
            (
                b'{"errors": [{"message": "a\\u0000\\u001b[31m\\ud800b"}]}',
                "a [31m b",
            ),
            (b'{"errors": {"code": "A", "message": "b"}}', "A b"),
            (b'{"errors": [{"code": "a b", "message": ["c"]}]}', ""),
            (b"<html>", ""),
            (b"words", ""),
            (b'"words"', ""),
            (b'{"message": "words"}', ""),
            (b'{"errors": ["words"]}', ""),
            (b"<Error><Code>Words</Code></Error>", ""),
        ):
            self.assertEqual(expected, errors.registry_text(data).strip())

    def test_what_was_sent_is_not_repeated(self):
        for text in (
            "no: grant_type=password&username=u&password=hush&scope=a",
            '{"password": "hush", "username": "u"}',
            "{'refresh_token': 'hush'}",
            "bad secret: hush, sorry",
            "access_token=hush",
            "IdentityToken = hush",
            "user_password=hush",
            'password="hush hush',
            "Bearer hushhush",
            "http://u:hush@h/",
            "https://h/?token=hush",
        ):
            self.assertNotIn("hush", errors.shorten(text))
            said = json.dumps({"errors": [{"message": text}]}).encode()
            self.assertNotIn("hush", errors.registry_text(said))
        for text in (
            "incorrect username or password",
            "token expired",
            "invalid_token: expired",
            "no basic auth credentials",
        ):
            self.assertEqual(text, errors.shorten(text))

    def test_what_token_servers_say(self):
        for data, expected in (
            (b'{"details": "wrong password"}', "wrong password"),
            (b'{"message": "wrong password"}', "wrong password"),
            (b'{"errors": [{"code": "A", "message": "b"}]}', "A b"),
            (b'{"error": "invalid", "error_description": "b"}', "invalid b"),
            (b'{"error": "some words"}', ""),
            (b'{"details": {"a": "b"}, "token": "c"}', ""),
            (b"words", ""),
            (b"[1]", ""),
        ):
            self.assertEqual(expected, errors.token_text(data).strip())

    def test_codes_of_storage_are_read_and_not_shown(self):
        for data in (
            b"<Error><Code>SlowDown</Code><Message>words</Message></Error>",
            b'<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>',
            b'{"code": "SlowDown", "message": "words"}',
            b'{"error": {"code": "SlowDown", "message": "words"}}',
        ):
            self.assertEqual(("SlowDown", ""), errors.registry_words(data))

    def test_what_is_no_error(self):
        for data in (
            b"[" * 60_000,
            b'{"errors": ' * 10_000,
            b'{"errors": 5}',
            b'{"errors": [5]}',
            b'{"errors": []}',
            b"9" * 5000,
            b"\xff" * 5000,
        ):
            self.assertLess(len(errors.registry_text(data)), 400)
