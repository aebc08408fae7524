# SPDX-License-Identifier: Apache-2.0
"""What callers use: the SDK, and the commands of ``openstack``.

Nothing here imports anything of the service, and nothing of the service
imports this.
"""
