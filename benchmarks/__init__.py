# SPDX-License-Identifier: Apache-2.0
"""Speed, measured side by side with other ways of doing the same."""
