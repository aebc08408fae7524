# SPDX-License-Identifier: Apache-2.0
"""Decides what a caller may do."""

from collections.abc import Mapping
from typing import Any

from oslo_config import cfg
from oslo_policy import policy

from reposync import context as reposync_context
from reposync import exception
from reposync import policies


class Policy:
    """The rules of this service, with the site's own ones over them."""

    def __init__(self, conf: cfg.ConfigOpts):
        """Load the rules."""
        self._enforcer = policy.Enforcer(conf)
        self._enforcer.register_defaults(policies.list_rules())

    def allows(
        self,
        context: reposync_context.RequestContext,
        rule: str,
        target: Mapping[str, Any] | None = None,
    ) -> bool:
        """Tell whether a rule lets a caller through.

        :param target: what the rule is asked about: ``project_id`` of the
            row, never of the request
        """
        try:
            return bool(
                self._enforcer.authorize(rule, dict(target or {}), context)
            )
        except policy.InvalidScope:
            return False

    def open_rules(self) -> list[str]:
        """List the rules of the site that let everybody in.

        Those that do so by default are none of them.
        """
        self._enforcer.load_rules()
        return [
            rule.name
            for rule in policies.list_rules()
            if _is_open(self._enforcer.rules.get(rule.name))
            and not _is_open(rule.check)
        ]

    def enforce(
        self,
        context: reposync_context.RequestContext,
        rule: str,
        target: Mapping[str, Any] | None = None,
    ) -> None:
        """Let a caller through, or not.

        :raises Forbidden: the rule does not allow it
        """
        if not self.allows(context, rule, target):
            raise exception.Forbidden(
                f"Your roles in this project do not allow {rule}"
            )


def _is_open(check: Any) -> bool:
    # "@", or nothing at all.
    return str(check) == "@"


def get_enforcer() -> policy.Enforcer:
    """Give the enforcer to the tools of oslo.policy."""
    cfg.CONF([], project="reposync")
    enforcer = policy.Enforcer(cfg.CONF)
    enforcer.register_defaults(policies.list_rules())
    return enforcer
