# SPDX-License-Identifier: Apache-2.0
"""One request to one host: connections, proxies, redirects, limits."""
