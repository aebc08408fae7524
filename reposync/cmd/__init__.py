# SPDX-License-Identifier: Apache-2.0
"""The programs.

oslo.service must be told which backend to use before anything else imports
it; this package is imported first by every program.
"""

import warnings

# Libraries of OpenStack still import eventlet, which says at each start that
# it is deprecated.  Nothing here uses it, and operators cannot change it.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")

from oslo_service import backend  # noqa: E402

backend.init_backend(backend.BackendType.THREADING)
