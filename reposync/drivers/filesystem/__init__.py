# SPDX-License-Identifier: Apache-2.0
"""The driver ``filesystem``: images in a directory."""
