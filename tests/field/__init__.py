# SPDX-License-Identifier: Apache-2.0
"""Servers as they are elsewhere, against the service as a user starts it.

Each behaviour of a registry, a token server, a proxy, an engine or a
catalogue is a row: a function in `tests.field.rows` with a sentence for the
situation and one for the outcome.  Both are a line of the table in the
documentation.
"""
