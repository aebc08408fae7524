# SPDX-License-Identifier: Apache-2.0
"""The description of the API in OpenAPI 3.1.

https://spec.openapis.org/oas/v3.1.0.  What is checked on the way in is
described by the very schemas that check it (`reposync.api.schemas`).
"""
