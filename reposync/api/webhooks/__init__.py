# SPDX-License-Identifier: Apache-2.0
"""From the events of a webhook to operations."""
