# SPDX-License-Identifier: Apache-2.0
"""The service on the lab's servers, where Keystone's catalogue has it.

Run by ``tools/lab service``, until it is told to stop.
"""

import os
import signal

from tests.fixtures import deployment


def main() -> None:
    """Start it, say how to use it, wait."""
    env = dict(os.environ)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    service = deployment.Deployment(env, int(env["LAB_API_PORT"]))
    service.start(DEFAULT={"debug": False})
    try:
        print(
            f"reposync listens on {service.url}; logs are in "
            f"{service.directory}\nlist of repositories: {service.list}\n"
            f"in another shell: . {env['LAB_DIR']}/openrc; "
            "openstack reposync image list\n"
            "Ctrl-C stops it",
            flush=True,
        )
        signal.pause()
    except KeyboardInterrupt:
        print("stopping", flush=True)
    finally:
        service.stop()


if __name__ == "__main__":
    main()
