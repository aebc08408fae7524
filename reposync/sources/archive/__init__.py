# SPDX-License-Identifier: Apache-2.0
"""The archive that goes into a catalogue: written, and checked as it flows."""
