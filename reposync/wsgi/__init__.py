# SPDX-License-Identifier: Apache-2.0
"""Entries for WSGI servers."""
