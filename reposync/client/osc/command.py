# SPDX-License-Identifier: Apache-2.0
"""What all commands share."""

import argparse
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
import itertools
from typing import Any
from typing import TypeVar

from osc_lib import exceptions
from osc_lib.command import command

from reposync.client.osc import errors

T = TypeVar("T")

#: The length of a page that every service allows.
_PAGE = 100


class Command(command.Command):
    """A command that puts errors into words, and counts failures.

    :ivar failed: what to say at the end, if not all went well
    """

    failed: str | None = None

    @property
    def client(self) -> Any:
        """The ``reposync.client.sdk.proxy.Proxy``."""
        return self.app.client_manager.reposync

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Do it, output included.

        :raises CommandError: it failed, or a part of it did
        """
        try:
            status = super().run(parsed_args)
        except errors.KNOWN as error:
            raise exceptions.CommandError(errors.explain(error)) from error
        if self.failed:
            raise exceptions.CommandError(self.failed)
        return status

    def each(
        self, verb: str, things: Iterable[str], work: Callable[[str], T]
    ) -> list[T]:
        """Do the same with all of several things, whichever fail.

        :param verb: what is done, such as ``delete``
        :returns: what came of those that did not fail
        """
        names, done, failures = list(things), [], 0
        for name in names:
            try:
                done.append(work(name))
            except errors.KNOWN as error:
                failures += 1
                self.log.error(
                    "Failed to %s '%s': %s", verb, name, errors.explain(error)
                )
        if failures:
            self.failed = f"Failed to {verb} {failures} of {len(names)}"
        return done


class Lister(Command, command.Lister):
    """A command that shows a table."""


class ShowOne(Command, command.ShowOne):
    """A command that shows one thing."""


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """Add what all lists of the API have."""
    parser.add_argument(
        "--limit",
        metavar="<number>",
        type=_positive,
        help="Show so many at the most (all by default)",
    )
    parser.add_argument(
        "--marker",
        metavar="<id>",
        help="Show what comes after this one",
    )


def page(parsed_args: argparse.Namespace, **query: Any) -> dict[str, Any]:
    """Give what to ask for: the filters that were given, and the page."""
    chosen = {key: value for key, value in query.items() if value}
    if parsed_args.marker:
        chosen["marker"] = parsed_args.marker
    if parsed_args.limit:
        chosen["limit"] = min(parsed_args.limit, _PAGE)
    return chosen


def cut(things: Iterable[T], parsed_args: argparse.Namespace) -> Iterator[T]:
    """Give as many as were asked for, and fetch no page beyond them."""
    return itertools.islice(things, parsed_args.limit)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
