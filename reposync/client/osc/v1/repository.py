# SPDX-License-Identifier: Apache-2.0
"""Commands for repositories: what is mirrored."""

import argparse
from typing import Any

from reposync.client.osc import columns
from reposync.client.osc import command

_SHORT = ("id", "synced_at", "outcome", "image_id", "error")
_LONG = ("id", "reference", "is_pattern", "source", *_SHORT[1:])
_SHAPES = {"error": columns.Error}


class ListRepository(command.Lister):
    """List what is mirrored, and how fresh it is."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--long", action="store_true", help="Show more fields"
        )
        command.add_page_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Read the list."""
        names = _LONG if parsed_args.long else _SHORT
        query = command.page(parsed_args)
        found = command.cut(self.client.repositories(**query), parsed_args)
        heads = ("Repository", *columns.titles(names[1:]))
        return heads, [columns.row(each, names, _SHAPES) for each in found]
