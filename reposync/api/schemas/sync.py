# SPDX-License-Identifier: Apache-2.0
"""Schemas of synchronisations."""

from reposync.api import validation

NOTHING = validation.schema()
