# SPDX-License-Identifier: Apache-2.0
"""The rules are those of the page on policies."""

from reposync import context
from reposync import policies
from reposync import policy
from tests.fixtures import rights
from tests.unit import base


class PolicyTest(base.TestCase):
    """The defaults; with real tokens see the functional tests."""

    def test_every_cell_of_the_table(self):
        rules = policy.Policy(self.conf)
        for what, cells in rights.table().items():
            rule, _, about = what.partition(", ")
            project = "theirs" if about == "of others" else "mine"
            for role, may in cells.items():
                caller = context.RequestContext(
                    project_id="mine", roles=rights.ROLES[role]
                )
                found = rules.allows(
                    caller, f"reposync:{rule}", {"project_id": project}
                )
                self.assertEqual(may, found, (what, role))

    def test_every_rule_is_in_the_table(self):
        listed = {what.partition(",")[0] for what in rights.table()}
        there = {
            rule.name.removeprefix("reposync:")
            for rule in policies.list_rules()
            if rule.name.startswith("reposync:")
        }
        self.assertEqual(there, listed)

    def test_every_role_is_in_the_table(self):
        for cells in rights.table().values():
            self.assertEqual(list(rights.ROLES), list(cells))
