# SPDX-License-Identifier: Apache-2.0
"""JSON Schemas of query strings and bodies; one noun a module."""
