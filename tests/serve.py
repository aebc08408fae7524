# SPDX-License-Identifier: Apache-2.0
"""The service on the lab's servers, where Keystone's catalogue has it.

Run by ``tools/lab service``, until it is told to stop.
"""

import os
import signal
from typing import Any

from tests.fixtures import client
from tests.fixtures import cloud
from tests.fixtures import deployment
from tests.fixtures import wait


def start(
    env: dict[str, str], **overrides: dict[str, Any]
) -> deployment.Deployment:
    """Start the service; gives it when a conductor answers, too."""
    service = deployment.Deployment(env, int(env["LAB_API_PORT"]))
    service.start(**overrides)
    caller = client.Client(service.url, cloud.Cloud(env).token())
    try:
        wait.until(
            lambda: caller.call("GET", "/v1/images").ok, "a conductor", 60
        )
    except AssertionError:
        service.stop()
        raise
    return service


def main() -> None:
    """Start it, say how to use it, wait."""
    env = dict(os.environ)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    service = start(env, DEFAULT={"debug": False})
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
