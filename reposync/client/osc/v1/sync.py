# SPDX-License-Identifier: Apache-2.0
"""The command that synchronises."""

import argparse
from typing import Any

from reposync.client.osc import command
from reposync.client.osc import follow
from reposync.client.osc.v1 import operation


class Sync(command.ShowOne):
    """Have all listed repositories pulled.

    The service does the work; without --wait this only asks for it.
    """

    _epilog = "Example: openstack reposync sync --wait"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        follow.add_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Ask for it, and follow it."""
        if not parsed_args.wait:
            return operation.fields(self.client.sync())
        stream = self.client.stream_sync()
        made = self.client.get_operation(stream.operation_id)
        [ended] = follow.wait(self, parsed_args, [made], stream)
        return operation.fields(ended)
