# SPDX-License-Identifier: Apache-2.0
"""The source ``registry``: images from registries themselves.

Below it, ``transport`` sends one request, ``authentication`` logs in, and
the modules here know what is asked for.
"""
