# SPDX-License-Identifier: Apache-2.0
"""Looks for inputs that do harm: ``python -m tests.fuzz TARGET``.

What is found is written to ``.fuzz/TARGET/findings``, one input for each
place where it shows, and the search goes on.
"""

import argparse
import hashlib
import json
import logging
from pathlib import Path
import re
import resource
import sys
import traceback

import atheris

from tests.fuzz import message

with atheris.instrument_imports(include=["reposync"]):
    from tests.fuzz import bounds
    from tests.fuzz import mutations
    from tests.fuzz import targets

_MIB = 1024 * 1024
_MOST_MEMORY = 2048 * _MIB
_SLOWEST = 60
_WORD = re.compile(r"[A-Za-z0-9_./:+-]{3,40}")


def main() -> None:
    """Search; ends the process."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(targets.TARGETS))
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--directory", type=Path, default=Path(".fuzz"))
    options = parser.parse_args()
    limits = _MOST_MEMORY, _MOST_MEMORY
    resource.setrlimit(resource.RLIMIT_AS, limits)
    logging.disable()
    target = targets.TARGETS[options.target]
    directory = options.directory / options.target
    corpus, findings = directory / "corpus", directory / "findings"
    for each in (corpus, findings):
        each.mkdir(parents=True, exist_ok=True)
    seeds = [*target.seeds(), *targets.kept(options.target)]
    for seed in seeds:
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    words = sorted({word for seed in seeds for word in _words(seed)})
    listed = directory / "words"
    listed.write_text("".join(f'"{word}"\n' for word in words))
    atheris.Setup(
        [
            sys.argv[0],
            str(corpus),
            f"-max_total_time={options.seconds}",
            f"-max_len={bounds.LONGEST_INPUT}",
            f"-timeout={_SLOWEST}",
            f"-rss_limit_mb={_MOST_MEMORY // _MIB // 2}",
            f"-artifact_prefix={findings}/",
            f"-dict={listed}",
            "-print_final_stats=1",
        ],
        _Search(target, findings),
        custom_mutator=mutations.mutator(
            # It becomes another function with `Setup`.
            words,
            lambda data, longest: atheris.Mutate(data, longest),
        ),
    )
    atheris.Fuzz()


class _Search:
    """Gives inputs to a target and keeps those that do harm."""

    def __init__(self, target: bounds.Target, findings: Path):
        self._target = target
        self._findings = findings
        self._seen: set[str] = set()

    def __call__(self, data: bytes) -> None:
        try:
            bounds.check(self._target, data)
        except Exception as error:  # noqa: BLE001 (all of them count)
            place = _place(error)
            if place in self._seen:
                return
            self._seen.add(place)
            name = hashlib.sha256(data).hexdigest()[:16]
            (self._findings / name).write_bytes(data)
            print(f"FINDING {name}: {place}", file=sys.stderr)
            traceback.print_exc(limit=-6)


def _place(error: Exception) -> str:
    """Name where an error comes from: the last line of the service."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "/reposync/" in f.filename] or frames
    words = ""
    if isinstance(error, bounds.Finding):
        # All are raised in one place, for one of a few reasons.
        words = re.sub(r"[\d.]+", "N", str(error).partition(":")[0])
        own = own[-1:]
    kind = type(error).__name__
    return f"{kind} {own[-1].filename}:{own[-1].lineno} {words}".rstrip()


def _words(seed: bytes) -> set[str]:
    _, body = message.split(seed)
    found = set(_WORD.findall(seed.decode("latin-1")))
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return found
    return found | set(_WORD.findall(json.dumps(value)))


if __name__ == "__main__":
    main()
