# SPDX-License-Identifier: Apache-2.0
"""The source ``docker``: images by way of a Docker engine."""
