# SPDX-License-Identifier: Apache-2.0
"""Does the work: from the registry into the catalogue."""
