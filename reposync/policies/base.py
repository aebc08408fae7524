# SPDX-License-Identifier: Apache-2.0
"""Personas that the rules are made of.

Keystone implies the lesser roles by the greater ones: an administrator is a
manager, a manager is a member, a member is a reader.
"""

from oslo_policy import policy

READER = "rule:reader"
MANAGER = "rule:manager"
ADMIN = "rule:admin_or_service"
OWN_READER = "rule:own_reader"
OWN_MANAGER = "rule:own_manager"

_OWN = "project_id:%(project_id)s"

RULES = [
    policy.RuleDefault(
        "admin_or_service",
        "role:admin or role:service",
        "Administrators, and other services of the cloud.",
    ),
    policy.RuleDefault(
        "reader",
        "role:reader or rule:admin_or_service",
        "Whoever may look.",
    ),
    policy.RuleDefault(
        "manager",
        "role:manager or rule:admin_or_service",
        "Whoever manages a project.",
    ),
    policy.RuleDefault(
        "own_reader",
        f"rule:admin_or_service or (role:reader and {_OWN})",
        "Whoever may look into the project it belongs to.",
    ),
    policy.RuleDefault(
        "own_manager",
        f"rule:admin_or_service or (role:manager and {_OWN})",
        "Whoever manages the project it belongs to.",
    ),
]


def rule(
    name: str, check: str, description: str, *operations: tuple[str, str]
) -> policy.DocumentedRuleDefault:
    """Make the rule of one call.

    :param operations: method and path of what it guards
    """
    return policy.DocumentedRuleDefault(
        name,
        check,
        description,
        [{"method": method, "path": path} for method, path in operations],
        scope_types=["project"],
    )
