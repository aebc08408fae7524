# SPDX-License-Identifier: Apache-2.0
"""What registries send when an image was pushed; one format a module."""
