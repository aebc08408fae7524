# SPDX-License-Identifier: Apache-2.0
"""Keeps a cloud's image catalogue in step with container registries."""
