# SPDX-License-Identifier: Apache-2.0
"""What a conductor tells: metrics, notifications, outages."""
