# SPDX-License-Identifier: Apache-2.0
"""Policies that let everybody in."""

from collections.abc import Iterator

from oslo_config import cfg

from reposync import policy


def rules(conf: cfg.ConfigOpts) -> Iterator[str]:
    """List the rules that the site has opened to everybody."""
    for name in policy.Policy(conf).open_rules():
        yield (
            f"policy.yaml, {name}: everybody with a token may, in any "
            "project and with any role. Name a role."
        )
