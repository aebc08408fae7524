# SPDX-License-Identifier: Apache-2.0
"""Entries for WSGI servers."""

import reposync.cmd  # noqa: F401 (chooses the threading backend first)
