# SPDX-License-Identifier: Apache-2.0
"""What a token shall be for.

https://distribution.github.io/distribution/spec/auth/scope/
"""

import re

from reposync import reference as ref
from reposync.sources.registry.authentication import challenges

_MOST = 10


def of(
    reference: ref.Reference, challenge: challenges.Challenge
) -> tuple[str, ...]:
    """Give what a token shall be for.

    A registry that names a repository knows how its token server calls it,
    whatever is in between; anything else that it names (``aws`` of ECR
    Public, ``*`` of Gitea) is asked for as well.  Reading is enough.
    """
    named = challenge.scopes[:_MOST]
    pulls = [
        f"{scope.rpartition(':')[0]}:pull"
        for scope in named
        if _is_repository(scope)
    ]
    own = pulls or [f"repository:{reference.repository}:pull"]
    return tuple(dict.fromkeys([*own, *general(challenge)]))[:_MOST]


def general(challenge: challenges.Challenge) -> tuple[str, ...]:
    """Give the scopes of a challenge that any repository needs."""
    return tuple(
        scope for scope in challenge.scopes if not _is_repository(scope)
    )


def _is_repository(scope: str) -> bool:
    return bool(re.fullmatch(r"repository(\([\w-]+\))?:.+:[^:]*", scope))
