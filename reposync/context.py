# SPDX-License-Identifier: Apache-2.0
"""Who asks, and under which request id."""

from oslo_context import context


class RequestContext(context.RequestContext):
    """The context of one request, made by authentication's headers."""
