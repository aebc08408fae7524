# SPDX-License-Identifier: Apache-2.0
"""The HTTP server of ``reposync-api`` and the standalone mode."""
