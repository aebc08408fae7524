# SPDX-License-Identifier: Apache-2.0
"""Pecan, for controllers whose results are all JSON."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import pecan


class Application(pecan.Pecan):
    """Finds controllers and handles errors as Pecan does, and calls directly.

    Pecan reads a controller's signature for each request, to leave out what
    it does not take, and makes a class to hold it: a sixth of what it costs
    to accept a notification.  Here every controller that is called is
    `base.Resource.index`, which takes whatever comes.
    """

    def invoke_controller(
        self,
        controller: Any,
        args: Sequence[str],
        kwargs: Mapping[str, Any],
        state: Any,
    ) -> None:
        """Call it; what it returns becomes the body of the answer."""
        result = controller(*args, **kwargs)
        state.response.content_type = "application/json"
        state.response.text = self.render("json", result)
