# SPDX-License-Identifier: Apache-2.0
"""Faults: processes are killed, servers cut off, disks filled; on the lab."""

import reposync.cmd  # noqa: F401 (chooses the threading backend first)
