# SPDX-License-Identifier: Apache-2.0
"""The first start, and mistakes made at it."""

import os
from pathlib import Path
import socket
import subprocess
import sys

from tests.field.row import row
from tests.fixtures import deployment

_COMMAND = Path(sys.executable).parent / "reposync-standalone"


def _refused(field, text, **environment):
    """Start a process that must end by itself; gives what it says."""
    file = field.path / "refused.conf"
    file.write_text(text)
    known = {
        name: value for name, value in os.environ.items() if name != "HOME"
    }
    done = subprocess.run(
        [_COMMAND, "--config-file", file],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env=known | environment,
    )
    field.assertEqual(1, done.returncode, done.stderr)
    field.assertNotIn("Traceback", done.stderr)
    return done.stderr.splitlines()[-1]


def _text(directory, port):
    return (
        f"[standalone]\ndirectory = {directory}\n[api]\nbind_port = {port}\n"
    )


@row(
    "Another program listens at the port; the directory cannot be made; the "
    "disk was full at the first start, which left an empty token.",
    "A line says which option and why, and the process ends; with a new "
    "token the next start goes well.",
)
def the_first_start(field):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = _refused(field, _text(field.path / "a", port))
        field.assertIn(f"bind_port = {port}: nothing can listen there", said)
    field.assertTrue((field.path / "a" / "token").stat().st_size)
    (field.path / "file").touch()
    said = _refused(field, _text(field.path / "file" / "data", port))
    field.assertIn("[standalone] directory = ", said)
    data = field.path / "service" / "data"
    data.mkdir(parents=True)
    (data / "token").touch(0o600)
    field.start()
    field.assertEqual(65, (data / "token").stat().st_size)


@row(
    "A second reposync-standalone is started on the directory of one that "
    "runs, with another port.",
    "It ends with a line that says so; the first one goes on, and after its "
    "end, however it came, another one starts.",
)
def two_on_one_directory(field):
    service = field.start()
    text = _text(service.process.data, deployment.free_port())
    field.assertIn("another reposync-standalone", _refused(field, text))
    answer = service.caller.call("GET", "/v1/images")
    field.assertEqual(200, answer.status_code)
    service.close()
    service.process.start()


@row(
    "The directory of the first start is there already, and others may read "
    "it; then others may write to it; then a token of webhooks has eight "
    "characters.",
    "From the first start on the directory and all files in it are their "
    "owner's alone, and no output has the token. While others may write to "
    "it, it does not start; nor with the short token, which no text shows.",
)
def what_others_could_read(field):
    data = field.path / "service" / "data"
    data.mkdir(parents=True)
    data.chmod(0o755)
    service = field.start()
    service.caller.call("GET", "/v1/operations")
    modes = {
        path.name: path.stat().st_mode & 0o777
        for path in (data, *data.iterdir())
    }
    field.assertEqual(0o700, modes.pop("data"))
    modes.pop("images", None)
    field.assertIn("reposync.db", modes)
    field.assertEqual({0o600}, set(modes.values()), modes)
    token = (data / "token").read_text().strip()
    field.assertNotIn(token, service.process.log.read_text())
    service.close()
    data.chmod(0o777)
    text = _text(data, deployment.free_port())
    field.assertIn("others may write to it", _refused(field, text))
    data.chmod(0o700)
    said = _refused(field, f"{text}[notify]\ntokens = tooshort\n")
    field.assertIn("[notify] tokens", said)
    field.assertNotIn("tooshort", said)
