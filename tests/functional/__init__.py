# SPDX-License-Identifier: Apache-2.0
"""Functional tests: real servers, which tools/lab starts."""

import reposync.cmd  # noqa: F401 (chooses the threading backend first)
