# SPDX-License-Identifier: Apache-2.0
"""The driver ``glance``: images in OpenStack Glance."""
