# SPDX-License-Identifier: Apache-2.0
"""Servers that show what they were sent."""

import base64
import json

from tests.field import base
from tests.field.row import row


@row(
    "A registry repeats the header ``Authorization`` in its error.",
    "The error of the operation has its words, without the login.",
)
def echoed_login(test):
    registry = test.registry()
    test.image(registry)
    account = f"robot:{base.PASSWORD}".encode()
    encoded = base64.b64encode(account).decode()
    auths = {registry.host: {"auth": encoded}}
    path = test.path / "auth.json"
    path.write_text(json.dumps({"auths": auths}))

    def refuse(handler):
        known = handler.headers.get("Authorization")
        if not known:
            challenge = 'Basic realm="r"'
            return handler.error(401, "DENIED", WWW_Authenticate=challenge)
        return handler.error(409, "ODD", f"not with {known}, sorry")

    registry.on("GET .*/manifests", refuse)
    service = test.start({"registry": {"auth_file": str(path)}})
    name = f"{registry.host}/team/app:1"
    found = test.fails(name, "source_error", "sorry", service=service)
    log = service.process.log.read_text()
    test.assertNotIn(encoded, str(found) + log)
