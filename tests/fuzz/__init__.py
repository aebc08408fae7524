# SPDX-License-Identifier: Apache-2.0
"""What parses the bytes of strangers, with bytes that nobody would send.

``python -m tests.fuzz TARGET`` looks for inputs that do harm; what it finds
is kept in ``corpus/TARGET`` and given to the same function by the unit tests
for ever after.
"""
