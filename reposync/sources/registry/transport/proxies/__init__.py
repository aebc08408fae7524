# SPDX-License-Identifier: Apache-2.0
"""Proxies: which one, and connections through it."""
