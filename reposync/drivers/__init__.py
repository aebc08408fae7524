# SPDX-License-Identifier: Apache-2.0
"""Catalogues that images are kept in."""
