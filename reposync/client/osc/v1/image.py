# SPDX-License-Identifier: Apache-2.0
"""Commands for images of the catalogue."""

import argparse
from typing import Any

from reposync.client.osc import columns
from reposync.client.osc import command
from reposync.client.osc import follow
from reposync.client.osc.v1 import operation

_SHORT = ("id", "name", "docker_tag", "size", "status")
_LONG = (
    *_SHORT,
    *("type", "docker_digest", "docker_id", "architecture"),
    *("distribution", "version", "created_at", "updated_at"),
)
_ALL = (
    *("id", "name", "type", "status", "size"),
    *("docker_name", "docker_tag", "docker_digest", "docker_id"),
    *("os", "architecture", "distribution", "version"),
    *("created_at", "updated_at"),
)
_SHAPES = {"size": columns.Bytes}


class ListImage(command.Lister):
    """List the images of the catalogue, newest first."""

    _epilog = (
        "Examples: openstack reposync image list --filter 'demo/*'; "
        "openstack reposync image list --filter '.*/(web|db)' --type docker"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--filter",
            metavar="<pattern>",
            help="Show those whose whole name matches: * and ? are "
            "wildcards; anything else is a regular expression (RE2)",
        )
        parser.add_argument(
            "--type", choices=["docker", "vm"], help="Show one type"
        )
        parser.add_argument(
            "--long", action="store_true", help="Show more fields"
        )
        command.add_page_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Read the list."""
        names = _LONG if parsed_args.long else _SHORT
        query = command.page(
            parsed_args, filter=parsed_args.filter, type=parsed_args.type
        )
        found = command.cut(self.client.images(**query), parsed_args)
        return columns.titles(names), [
            columns.row(image, names, _SHAPES) for image in found
        ]


class ShowImage(command.ShowOne):
    """Show an image of the catalogue."""

    _epilog = "Example: openstack reposync image show busybox:latest"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "image", metavar="<image>", help="Its id, or its name[:tag]"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Find it."""
        found = self.client.find_image(parsed_args.image)
        return _ALL, columns.row(found, _ALL, _SHAPES)


class PullImage(command.Lister):
    """Have images read from their registries and kept in the catalogue.

    The service does the work; without --wait this only asks for it.  The
    list of repositories has to select them, unless an administrator asks.
    """

    _epilog = (
        "Examples: openstack reposync image pull busybox debian:12; "
        "openstack reposync image pull --wait registry.example.org/team/app"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "names",
            metavar="<name>",
            nargs="+",
            help="Image in a registry: [registry/]repository[:tag]; "
            "the tag is latest by default",
        )
        follow.add_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Ask for all, and wait for those that were accepted."""
        made = self.each("pull", parsed_args.names, self.client.pull_image)
        return operation.table(follow.wait(self, parsed_args, made))


class DeleteImage(command.Lister):
    """Delete images that the service manages.

    The service does the work; without --wait this only asks for it.
    """

    _epilog = "Example: openstack reposync image delete --wait busybox:1.36"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Describe the arguments."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "images",
            metavar="<image>",
            nargs="+",
            help="Its id, or its name[:tag]",
        )
        follow.add_options(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        """Ask for all, and wait for those that were accepted."""
        made = self.each("delete", parsed_args.images, self._delete)
        return operation.table(follow.wait(self, parsed_args, made))

    def _delete(self, wanted: str) -> Any:
        return self.client.delete_image(self.client.find_image(wanted))
