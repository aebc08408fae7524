# SPDX-License-Identifier: Apache-2.0
"""People who ask, and who set the service up."""

from pathlib import Path
import subprocess
import sys

from tests.field import registry as answers
from tests.field.row import row
from tests.fixtures import wait

_PAUSE = "600"


def _waiting(field, action):
    """Fail a first attempt; gives registry, service and operation."""
    registry = field.registry()
    field.image(registry)
    service = field.start({"conductor": {"retry_delay": _PAUSE}})
    registry.on("/manifests/", action)
    field.most = 12
    operation = service.caller.pull(f"{registry.host}/team/app:1")

    def waits():
        found = service.caller.operation(operation["id"])
        return found if found["next_attempt_at"] else None

    return registry, service, wait.until(waits, "a failed attempt", 60)


@row(
    "A pull has failed and waits for its next attempt, and somebody asks for "
    "the image again.",
    "The request joins it, shows its last error, and it begins at once.",
)
def asked_again(field):
    registry, service, before = _waiting(field, answers.answer(503))
    field.assertEqual("source_unavailable", before["error"]["code"])
    field.assertEqual((1, 2), (before["attempt"], before["max_attempts"]))
    registry.rules.clear()
    again = service.caller.pull(f"{registry.host}/team/app:1")
    field.assertEqual(before["id"], again["id"])
    field.assertEqual(before["error"], again["error"])
    field.assertEqual("created", service.caller.done(again)["outcome"])


@row(
    "A registry asked to wait for ten minutes, and somebody asks for the "
    "image again.",
    "The request joins the pull, which waits as the registry asked.",
)
def asked_again_too_soon(field):
    limited = answers.error(429, "TOOMANYREQUESTS", Retry_After=_PAUSE)
    registry, service, before = _waiting(field, limited)
    seen = len(registry.seen)
    again = service.caller.pull(f"{registry.host}/team/app:1")
    field.assertEqual(before["id"], again["id"])
    field.assertEqual(before["next_attempt_at"], again["next_attempt_at"])
    field.assertEqual("rate_limited", again["error"]["code"])
    field.assertEqual(seen, len(registry.seen))


@row(
    "The health of a service that has all it needs.",
    "It has a line for each server, the conductor among them.",
)
def a_good_health(field):
    answer = field.service.caller.call("GET", "/healthcheck")
    field.assertEqual(200, answer.status_code)
    field.assertIn("conductors OK", answer.text.splitlines())


def _refused(field, text: str, program: str, *words: str) -> str:
    """Start a program that must not start; gives the one line it says."""
    file = field.path / "refused.conf"
    file.write_text(text)
    done = subprocess.run(
        [
            Path(sys.executable).parent / program,
            *("--config-file", file, *words),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    field.assertEqual(1, done.returncode)
    [line] = done.stderr.strip().splitlines()
    return line


@row(
    "[conductor] heartbeat is no shorter than half of lease.",
    "No program starts, and one line says why.",
)
def a_heartbeat_as_long_as_the_lease(field):
    text = "[conductor]\nlease = 30\nheartbeat = 30\n"
    for program in ("reposync-standalone", "reposync-conductor"):
        said = _refused(field, text, program)
        field.assertIn("heartbeat (30 s) must be at most half of", said)


@row(
    "The password in transport_url has a slash.",
    "No program starts; one line says how it is written, without it.",
)
def a_slash_in_a_password(field):
    text = "[DEFAULT]\ntransport_url = rabbit://u:pa55/word@broker/\n"
    said = _refused(field, text, "reposync-api")
    field.assertIn("with / in the password as %2F", said)
    field.assertNotIn("pa55", said)


@row(
    "[database] connection is missing.",
    "reposync-manage says so in one line.",
)
def no_database(field):
    said = _refused(field, "", "reposync-manage", "db", "sync")
    field.assertIn("[database] connection is not set", said)
