# SPDX-License-Identifier: Apache-2.0
"""Logging in to registries: challenges, token servers, passwords."""
