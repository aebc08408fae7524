# SPDX-License-Identifier: Apache-2.0
"""Unit tests: no server, no network but sockets of their own."""

import reposync.cmd  # noqa: F401 (chooses the threading backend first)
