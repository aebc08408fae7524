# SPDX-License-Identifier: Apache-2.0
"""Limits of how often a registry may be asked."""

import time

from tests.field import registry as answers
from tests.field.row import row


def limited(field, **headers):
    """Start a registry that says with each answer what is left."""
    registry = field.registry()
    field.image(registry)

    def say(handler):
        if handler.place()[1] != "manifests":
            return None
        return handler.serve(**headers)

    registry.on("", say)
    return registry, f"{registry.host}/team/app:1"


@row(
    "A limit of a second is used up: RateLimit-Limit: 10, RateLimit-Reset: 1, "
    "RateLimit-Remaining: 0.",
    "The next request waits for a second.",
)
def a_second(field):
    _, name = limited(
        field,
        RateLimit_Limit="10",
        RateLimit_Reset="1",
        RateLimit_Remaining="0",
    )
    field.assertEqual(1, field.succeeds(name)["attempt"])


@row(
    "The same as 10;w=1, in the drafts of the IETF, or as GitLab and GitHub "
    "say it.",
    "The same.",
)
def a_second_in_other_words(field):
    soon = str(int(time.time()) + 2)
    for headers in (
        {"RateLimit_Limit": "10;w=1", "RateLimit_Remaining": "0"},
        {"RateLimit": "limit=10, remaining=0, reset=1"},
        {
            "RateLimit": '"burst";r=0;t=1',
            "RateLimit_Policy": '"burst";q=10;w=1',
        },
        {"RateLimit_Remaining": "0", "RateLimit_Reset": soon},
        {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": soon},
        {"RateLimit_Remaining": "0"},
    ):
        _, name = limited(field, **headers)
        field.assertEqual(1, field.succeeds(name)["attempt"])


@row(
    "429 with TOOMANYREQUESTS and without a time, as from ECR and ACR.",
    "The host is left alone for seconds, longer each time in a row.",
)
def a_refusal_without_a_time(field):
    registry = field.registry()
    field.image(registry)
    refuse = answers.error(429, "TOOMANYREQUESTS")
    registry.on("/manifests/", answers.times(1, refuse))
    field.succeeds(f"{registry.host}/team/app:1")


@row(
    "403 with Retry-After: 1, as GitHub's secondary limit.",
    "It is a limit, not a refusal.",
)
def a_refusal_of_github(field):
    registry = field.registry()
    field.image(registry)
    refuse = answers.answer(403, Retry_After="1")
    registry.on("GET .*/manifests/", answers.times(1, refuse))
    field.succeeds(f"{registry.host}/team/app:1")
