# SPDX-License-Identifier: Apache-2.0
"""All targets, and the inputs that once did harm to them."""

from collections.abc import Iterator
from pathlib import Path

from tests.fuzz import bounds
from tests.fuzz.targets import addresses
from tests.fuzz.targets import answers
from tests.fuzz.targets import archives
from tests.fuzz.targets import callers
from tests.fuzz.targets import catalogues
from tests.fuzz.targets import engine
from tests.fuzz.targets import images
from tests.fuzz.targets import names
from tests.fuzz.targets import webhooks

CORPUS = Path(__file__).parents[1] / "corpus"
TARGETS: dict[str, bounds.Target] = {
    **addresses.TARGETS,
    **answers.TARGETS,
    **archives.TARGETS,
    **callers.TARGETS,
    **catalogues.TARGETS,
    **engine.TARGETS,
    **images.TARGETS,
    **names.TARGETS,
    **webhooks.TARGETS,
}


def kept(name: str) -> Iterator[bytes]:
    """Give the inputs that once did harm."""
    for path in sorted((CORPUS / name).glob("*")):
        yield path.read_bytes()
