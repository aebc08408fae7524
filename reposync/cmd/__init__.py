# SPDX-License-Identifier: Apache-2.0
"""The programs.

oslo.service must be told which backend to use before anything else imports
it; this package is imported first by every program.
"""

from oslo_service import backend

backend.init_backend(backend.BackendType.THREADING)
