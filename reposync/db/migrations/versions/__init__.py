# SPDX-License-Identifier: Apache-2.0
"""One step of the history a module."""
