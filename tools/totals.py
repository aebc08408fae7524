# SPDX-License-Identifier: Apache-2.0
"""Reads a subunit stream and prints one line: NAME: N passed, N failed."""

import sys

import subunit
import testtools


def main() -> int:
    """Count what stands on standard input."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    words = {"success": "passed", "skip": "skipped", "xfail": "passed"}

    def count(test: dict) -> None:
        if test["status"] != "exists":
            counts[words.get(test["status"], "failed")] += 1

    result = testtools.StreamToDict(count)
    result.startTestRun()
    subunit.ByteStreamToStreamResult(sys.stdin.buffer).run(result)
    result.stopTestRun()
    line = ", ".join(f"{number} {word}" for word, number in counts.items())
    print(f"{sys.argv[1]}: {line}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
