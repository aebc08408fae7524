# SPDX-License-Identifier: Apache-2.0
"""Connections and transactions, and what goes wrong with them."""
