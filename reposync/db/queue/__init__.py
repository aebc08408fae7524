# SPDX-License-Identifier: Apache-2.0
"""Operations: the queue, and the truth about what was done."""
