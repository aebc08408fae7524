# SPDX-License-Identifier: Apache-2.0
"""At most one running and one waiting operation for an image."""

from concurrent import futures

from tests.faults import base

_BLOB = "GET /v2/.*/blobs/"


class ExactlyOneTest(base.FaultCase):
    """Requests for the same image, to two conductors."""

    def test_identical_requests_meet(self):
        for name in base.CONDUCTORS:
            self.cluster.freeze(name)
        pushed = self.push()
        made = [self.caller.pull(self.name) for _ in range(5)]
        self.assertEqual(1, len({each["id"] for each in made}))
        for name in base.CONDUCTORS:
            self.cluster.thaw(name)
        row = self.succeeded(made[0])
        self.assertEqual((4, 1), (row.coalesced, row.attempt))
        self.all_is_well(pushed)

    def test_a_follow_up_is_not_folded_into_what_has_looked(self):
        self.push("old")
        gate = self.proxies["registry"].stop_at(_BLOB, "before")
        first = self.caller.pull(self.name)
        gate.reached()
        pushed = self.push("new")
        second, third = (self.caller.pull(self.name) for _ in range(2))
        self.assertNotEqual(first["id"], second["id"])
        self.assertEqual(second["id"], third["id"])
        self.assertEqual("queued", self.row(second).state)
        gate.open()
        self.assertEqual("created", self.succeeded(first).outcome)
        self.assertEqual("updated", self.succeeded(second).outcome)
        self.all_is_well(pushed)

    def test_two_projects_take_turns(self):
        pushed = self.push()
        gate = self.proxies["registry"].stop_at(_BLOB, "before")
        first = self.caller.pull(self.name)
        gate.reached()
        # Managers pull what is on the list.
        self.cluster.list.write_text(f"{self.name}\n")
        self.addCleanup(self.cluster.list.write_text, "")
        second = self.client("demo-manager").pull(self.name)
        self.assertNotEqual(first["id"], second["id"])
        # The conductors go on with others meanwhile.
        other = self.new_name()
        self.push(name=other)
        self.succeeded(self.caller.pull(other))
        self.assertEqual("queued", self.row(second).state)
        gate.open()
        self.assertEqual("created", self.succeeded(first).outcome)
        self.assertEqual("unchanged", self.succeeded(second).outcome)
        self.all_is_well(pushed)

    def test_a_storm_makes_one_image(self):
        pushed = self.push()
        with futures.ThreadPoolExecutor(8) as pool:
            made = list(
                pool.map(lambda _: self.caller.pull(self.name), range(40))
            )
        rows = [self.succeeded({"id": key}) for key in {o["id"] for o in made}]
        self.assertEqual(40, len(rows) + sum(row.coalesced for row in rows))
        outcomes = sorted(row.outcome for row in rows)
        self.assertEqual(
            ["created"] + ["unchanged"] * (len(rows) - 1), outcomes
        )
        self.all_is_well(pushed)
