# SPDX-License-Identifier: Apache-2.0
"""What the tests of logins share."""

import base64
import json

from reposync import reference as ref
from reposync.sources.registry import client as registry_client
from tests.fixtures import login_registry
from tests.unit import base


class LoginTestCase(base.TestCase):
    """A test with a registry that wants logins."""

    def setUp(self):
        super().setUp()
        self.registry = self.useFixture(login_registry.LoginRegistry())
        self.config(
            insecure=["127.0.0.0/8", "localhost"], attempts=1, group="registry"
        )
        self.client = registry_client.RegistryClient(self.conf)

    def account(self, user="u", password="p", **hosts):
        """Give the service an account of the registry."""
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        auths = {self.registry.host: {"auth": pair}}
        self.auths(auths)

    def auths(self, auths):
        """Write the file of credentials."""
        file = self.path / "config.json"
        file.write_text(json.dumps({"auths": auths}))
        self.config(auth_file=str(file), group="registry")

    def ask(self, repository="team/app", client=None):
        """Ask for a manifest."""
        name = ref.Reference.parse(f"{self.registry.host}/{repository}:1")
        _, answer = (client or self.client).fetch(
            registry_client.Wanted(name, "manifests/1"),
            1000,
            lambda body, _: body,
        )
        return answer.status
