# SPDX-License-Identifier: Apache-2.0
"""Runs one benchmark; called by tools/bench."""

import argparse
import importlib
import json
import os
import signal
import sys

NAMES = ("cli", "copy", "sync", "webhooks")


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(prog="tools/bench", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument(
        "--rounds", type=int, default=3, help="how often each way is run (3)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one object as last line"
    )
    arguments = parser.parse_args()
    # What it started ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    module = importlib.import_module(f"benchmarks.{arguments.name}")
    found = module.run(dict(os.environ), arguments.rounds)
    if arguments.json:
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
