# SPDX-License-Identifier: Apache-2.0
"""Commands for operations: what is and was done."""

import argparse
from collections.abc import Iterable
from typing import Any

from reposync.client.osc import columns
from reposync.client.osc import command
from reposync.client.osc import follow

_SHORT = ("id", "kind", "reference", "state", "outcome", "image_id")
_LONG = (
    *_SHORT,
    *("progress", "error", "attempt", "next_attempt_at"),
    *("parent_id", "project_id"),
    *("request_id", "created_at", "started_at", "finished_at"),
)
_ALL = (
    *("id", "kind", "state", "reference", "outcome", "image_id", "error"),
    *("progress", "attempt", "max_attempts", "next_attempt_at"),
    *("coalesced", "parent_id", "project_id"),
    *("user_id", "request_id", "created_at", "started_at", "finished_at"),
    *("updated_at", "image"),
)
_SHAPES = {
    "counts": columns.Counts,
    "error": columns.Error,
    "image": columns.Fields,
    "progress": columns.Progress,
}
_STATES = ["queued", "running", "succeeded", "failed", "cancelled"]


def table(operations: Iterable[Any], long: bool = False) -> Any:
    """Give operations as a table."""
    names = _LONG if long else _SHORT
    return columns.titles(names), [
        columns.row(each, names, _SHAPES) for each in operations
    ]


def fields(operation: Any) -> Any:
    """Give an operation with all its fields."""
    names: tuple[str, ...] = _ALL
    if operation.kind == "sync":
        names = (*_ALL[:5], "counts", *_ALL[6:-1])
    return names, columns.row(operation, names, _SHAPES)


class ListOperation(command.Lister):
    """List the operations of the project, newest first."""

    _epilog = (
        "Examples: openstack reposync operation list --state failed --long; "
        "openstack reposync operation list --all-projects --kind sync"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--state", choices=_STATES, help="Show one state")
        parser.add_argument(
            "--kind", choices=["pull", "sync", "delete"], help="Show one kind"
        )
        parser.add_argument(
            "--reference",
            metavar="<name>",
            help="Show those of an image, named with its tag",
        )
        parser.add_argument(
            "--parent",
            metavar="<operation>",
            help="Show the parts of a synchronisation",
        )
        parser.add_argument(
            "--all-projects",
            action="store_true",
            help="Show those of all projects and of webhooks (admin only)",
        )
        parser.add_argument(
            "--long", action="store_true", help="Show more fields"
        )
        command.add_page_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Read the list."""
        query = command.page(
            parsed_args,
            state=parsed_args.state,
            kind=parsed_args.kind,
            reference=parsed_args.reference,
            parent=parsed_args.parent,
            all_projects=parsed_args.all_projects,
        )
        found = command.cut(self.client.operations(**query), parsed_args)
        return table(found, parsed_args.long)


class ShowOperation(command.ShowOne):
    """Show an operation."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument("operation", metavar="<operation>", help="Its id")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Read it."""
        return fields(self.client.get_operation(parsed_args.operation))


class CancelOperation(command.Command):
    """Stop operations: at once if they wait, else as soon as they notice.

    The parts of a synchronisation are stopped with it.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "operations", metavar="<operation>", nargs="+", help="Its id"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Ask for all."""
        self.each(
            "cancel", parsed_args.operations, self.client.cancel_operation
        )


class WaitOperation(command.Lister):
    """Wait until operations have ended, and show how they go."""

    _epilog = "The exit status is 0 if all of them have succeeded."

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "operations", metavar="<operation>", nargs="+", help="Its id"
        )
        follow.add_timeout(parser)
        parser.set_defaults(wait=True)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Find all, and wait for those that were found."""
        found = self.each(
            "find", parsed_args.operations, self.client.get_operation
        )
        return table(follow.wait(self, parsed_args, found))
