# SPDX-License-Identifier: Apache-2.0
"""The least a Pecan application can do: it answers 202 and nothing else."""

import pecan


class Version:
    """``/v1``."""

    @pecan.expose("json")
    def notify(self, **_: str) -> dict[str, str]:
        """Answer, whatever was asked."""
        pecan.response.status = 202
        return {}


class Root:
    """``/``."""

    v1 = Version()


application = pecan.make_app(Root())
