# SPDX-License-Identifier: Apache-2.0
"""Who may do what, by default; one noun a module."""

import itertools

from oslo_policy import policy

from reposync.policies import base
from reposync.policies import images
from reposync.policies import operations
from reposync.policies import repositories
from reposync.policies import sync


def list_rules() -> list[policy.RuleDefault]:
    """List all rules, for the enforcer and for the sample file."""
    modules = (base, images, operations, repositories, sync)
    return list(itertools.chain(*(module.RULES for module in modules)))
