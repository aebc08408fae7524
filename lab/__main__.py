# SPDX-License-Identifier: Apache-2.0
"""The command line of the lab; run by tools/lab."""

import argparse
import os
import shutil
import sys

from lab import Lab
from lab import mounts
from lab import server
from lab import state

#: The project's own environment, which tools/lab makes for ``service``.
_PYTHON = state.ROOT / ".venv" / "bin" / "python"


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    main = argparse.ArgumentParser(
        prog="tools/lab",
        description="Real servers on the loopback interface, for tests: "
        + ", ".join(Lab().servers),
    )
    commands = main.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start servers and what they need")
    down = commands.add_parser("down", help="stop servers; data is kept")
    for command in (up, down):
        command.add_argument(
            "servers", nargs="*", metavar="SERVER", help="default: the usual"
        )
    down.add_argument("--wipe", action="store_true", help="delete all data")
    commands.add_parser("status", help="tell what runs and where")
    commands.add_parser("env", help="print the environment for a shell")
    commands.add_parser("service", help="run reposync on it, until Ctrl-C")
    run = commands.add_parser("run", help="run a command with it")
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    return main


def status(lab: Lab) -> None:
    """Print a line a server."""
    for name, each in lab.servers.items():
        word = "stopped"
        if each.running():
            word = "running" if each.ready() else "not answering"
        print(f"{name:18} {word:14} 127.0.0.1:{each.port:<6} {lab.log(name)}")


def wipe(lab: Lab) -> None:
    """Delete all data of a lab that is down.

    :raises LabError: something is mounted in it that cannot be unmounted;
        then nothing is deleted
    """
    lab.down()
    mounts.undo(lab.state.path)
    mounts.undo(lab.state.run)
    for path in lab.state.path.iterdir():
        if path.is_symlink():
            shutil.rmtree(path.resolve(), ignore_errors=True)
    shutil.rmtree(lab.state.run, ignore_errors=True)
    shutil.rmtree(lab.state.path)


def run(lab: Lab, argv: list[str]) -> None:
    """Become a command that has the lab's environment."""
    argv = argv[1:] if argv[:1] == ["--"] else argv
    if not argv:
        raise server.LabError("run what? tools/lab run -- COMMAND")
    os.environ.update(lab.env)
    os.execvp(argv[0], argv)


def main() -> int:
    """Carry out one command."""
    arguments = parser().parse_args()
    lab = Lab()
    try:
        match arguments.command:
            case "up":
                lab.up(*arguments.servers)
                status(lab)
            case "down":
                lab.down(*arguments.servers)
                if arguments.wipe:
                    wipe(lab)
            case "status":
                status(lab)
            case "env":
                print(lab.exports(), end="")
            case "service":
                lab.up()
                run(lab, [str(_PYTHON), "-m", "tests.serve"])
            case "run":
                run(lab, arguments.argv)
    except (server.LabError, OSError) as error:
        print(f"tools/lab: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
