# SPDX-License-Identifier: Apache-2.0
"""What operations do, one kind of work a module."""
