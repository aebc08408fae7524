# SPDX-License-Identifier: Apache-2.0
"""The rows; a module for each kind of server or of trouble.

The first line of a module's docstring is a heading of the documentation.
"""
