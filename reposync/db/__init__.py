# SPDX-License-Identifier: Apache-2.0
"""The database: the only place that speaks SQL."""
