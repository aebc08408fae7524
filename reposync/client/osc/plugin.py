# SPDX-License-Identifier: Apache-2.0
"""What OpenStackClient loads at each start, for whatever command.

So it imports nothing that costs time.  The names are those of its plugin
interface
(https://docs.openstack.org/python-openstackclient/latest/contributor/plugins.html).
"""

import argparse
import os
from typing import Any

DEFAULT_API_VERSION = "1"
API_VERSION_OPTION = "os_reposync_api_version"
API_NAME = "reposync"
API_VERSIONS = ("1",)


def make_client(instance: Any) -> Any:
    """Give the commands their client.

    :param instance: the ``ClientManager``; its connection is used
    """
    from reposync.client import sdk

    conn = instance.sdk_connection
    settings = conn.config.config
    return sdk.register(
        conn,
        settings.get("reposync_service_type") or sdk.SERVICE_TYPE,
        settings.get("reposync_endpoint"),
    )


def build_option_parser(
    parser: argparse.ArgumentParser,
) -> argparse.ArgumentParser:
    """Add the global options."""
    for name, metavar, text in (
        ("api-version", "<version>", "API version of reposync, default=1"),
        (
            "endpoint",
            "<url>",
            "Address of reposync, instead of the one in the catalogue",
        ),
        (
            "service-type",
            "<type>",
            "Type of reposync in the catalogue, default=image-sync",
        ),
    ):
        variable = f"OS_REPOSYNC_{name.upper().replace('-', '_')}"
        parser.add_argument(
            f"--os-reposync-{name}",
            metavar=metavar,
            default=os.environ.get(variable, ""),
            help=f"{text} (Env: {variable})",
        )
    return parser
