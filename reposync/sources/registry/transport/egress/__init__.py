# SPDX-License-Identifier: Apache-2.0
"""Which addresses a registry may lead the service to."""
