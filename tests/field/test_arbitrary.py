# SPDX-License-Identifier: Apache-2.0
"""Registries that answer anything, among those that are in order."""

import base64
import contextlib
import json
import time

import hypothesis
from hypothesis import strategies as st

from tests.field import arbitrary
from tests.field import base
from tests.field import registry as field_registry
from tests.fixtures import standalone

#: Registries that misbehave in one synchronisation.
_BAD = 24
#: More than a look at all of them takes on a busy machine.
_MAX_AGE = 30
#: Seconds for what is under way when an operation is too old.
_GRACE = 20
#: Requests that one image may cause at its registry.
_MOST = 100
_OPTIONS = {
    "conductor": {"max_age": str(_MAX_AGE), "poll_interval": "1"},
    "registry": {"attempts": "2", "read_timeout": "2", "connect_timeout": "2"},
}


class ArbitraryTest(base.FieldTestCase):
    """Whatever one registry answers, others come through."""

    def setUp(self):
        super().setUp()
        self.auths = self.path / "auth.json"
        self.auths.write_text("{}")
        options = {"registry": {"auth_file": str(self.auths)}}
        self.served = self.start(standalone.merge(_OPTIONS, options))
        account = f"robot:{base.PASSWORD}".encode()
        self.encoded = base64.b64encode(account).decode()

    @hypothesis.settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=2,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(
        st.lists(arbitrary.SCRIPTS, min_size=_BAD, max_size=_BAD)
    )
    def test_anything(self, scripts):
        with contextlib.ExitStack() as stack:
            good = [self.made(stack) for _ in range(2)]
            bad = [self.made(stack) for _ in scripts]
            for registry, script in zip(bad, scripts, strict=True):
                arbitrary.play(registry, script)
            self.synchronise(good, bad, scripts)

    def made(self, stack):
        registry = stack.enter_context(field_registry.Registry())
        self.image(registry)
        return registry

    def synchronise(self, good, bad, scripts):
        auths = {each.host: {"auth": self.encoded} for each in good + bad}
        self.auths.write_text(json.dumps({"auths": auths}))
        begun = time.monotonic()
        names = [f"{each.host}/team/app:1" for each in good + bad]
        parts = self.sync(names, self.served)
        self.assertLess(time.monotonic() - begun, _MAX_AGE + _GRACE)
        for name in names[: len(good)]:
            self.assertEqual("succeeded", parts[name]["state"], parts[name])
        for name, registry, script in zip(
            names[len(good) :], bad, scripts, strict=True
        ):
            self.assertIn(parts[name]["state"], ("succeeded", "failed"))
            self.assertLess(len(registry.seen), _MOST, script)
            self.assertNotEqual(
                "internal_error",
                (parts[name].get("error") or {}).get("code"),
                script,
            )
        said = json.dumps(parts) + self.served.process.log.read_text()
        self.assertNotIn(base.PASSWORD, said)
        self.assertNotIn(self.encoded, said)
        self.assertNotIn("a-token-nobody-may-see", said)
