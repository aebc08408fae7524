# SPDX-License-Identifier: Apache-2.0
"""What a conductor does by the clock, beside its operations."""
