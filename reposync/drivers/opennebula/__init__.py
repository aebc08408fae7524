# SPDX-License-Identifier: Apache-2.0
"""The driver ``opennebula``: images in a datastore of OpenNebula."""
