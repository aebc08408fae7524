# SPDX-License-Identifier: Apache-2.0
"""OpenNebula's XML-RPC interface: calls, errors, templates."""
