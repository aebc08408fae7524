# SPDX-License-Identifier: Apache-2.0
"""Manifests, indexes and configurations, as Docker and OCI write them.

Nothing here sends a request.
"""
