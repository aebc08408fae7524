# SPDX-License-Identifier: Apache-2.0
"""Schemas of repositories."""

from reposync.api import validation

LIST = validation.schema(limit=validation.LIMIT, marker=validation.LINE)
