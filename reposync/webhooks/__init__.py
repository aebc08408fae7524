# SPDX-License-Identifier: Apache-2.0
"""What registries tell when an image was pushed; one format a module."""
