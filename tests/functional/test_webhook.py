# SPDX-License-Identifier: Apache-2.0
"""Docker Hub's webhook."""

from tests.fixtures import client
from tests.fixtures import deployment
from tests.functional import service


def payload(repository, tag="latest"):
    """Give a body as Docker Hub sends it."""
    namespace, _, name = repository.rpartition("/")
    return {
        "callback_url": "https://registry.hub.docker.com/u/x/hook/1/",
        "push_data": {
            "pushed_at": 1.417566161e9,
            "pusher": "somebody",
            "images": None,
            "tag": tag,
        },
        "repository": {
            "name": name,
            "namespace": namespace,
            "repo_name": repository,
            "status": "Active",
            "date_created": 1417494799,
        },
    }


class WebhookTest(service.ServiceTestCase):
    """``POST /v1/notify`` over real servers."""

    def setUp(self):
        super().setUp()
        self.hub = client.Client(self.service.url)
        self.addCleanup(self.service.list.write_text, "")

    def notify(self, body, token=deployment.WEBHOOK_TOKEN):
        return self.hub.call(
            "POST", "/v1/notify", params={"token": token}, json=body
        )

    def test_a_push_makes_an_active_image(self):
        # To the lab's engine its registry is a mirror of Docker Hub.
        self.name = deployment.unique("team/app")
        pushed = self.push(
            "one", "1.0", f"{self.lab['LAB_REGISTRY']}/{self.name}"
        )
        self.service.list.write_text("team/*\n")
        answer = self.notify(payload(self.name, "1.0"))
        self.assertEqual(202, answer.status_code, answer.text)
        [accepted] = answer.json()["operations"]
        self.assertEqual(f"{self.name}:1.0", accepted["reference"])
        done = self.admin.done(accepted)
        self.assertIsNone(done["project_id"])
        [image] = self.cloud.visible(self.name)
        self.assertEqual(pushed.image_id, image.properties["docker_id"])
        self.assertEqual(pushed.digest, image.properties["docker_digest"])

    def test_refusals_change_nothing(self):
        self.service.list.write_text("team/app\n")
        count = self.count()
        good = payload("team/app")
        self.assertEqual(401, self.notify(good, "wrong").status_code)
        self.assertEqual(403, self.notify(payload("evil/x")).status_code)
        for body in ([], {}, {"repository": {}}, payload("team/app", None)):
            answer = self.notify(body)
            self.assertEqual(400, answer.status_code, answer.text)
        self.assertEqual(count, self.count())

    def test_the_token_is_in_no_log(self):
        self.service.list.write_text("team/app\n")
        self.notify([], deployment.WEBHOOK_TOKEN)
        for name in ("reposync-api", "reposync-conductor"):
            text = self.service.log(name).read_text()
            self.assertNotIn(deployment.WEBHOOK_TOKEN, text)
            self.assertNotIn(self.lab["OS_PASSWORD"], text)
            self.assertNotIn(self.admin.headers["X-Auth-Token"], text)

    def count(self):
        query = {"all_projects": "true", "limit": 1000}
        answer = self.admin.call("GET", "/v1/operations", params=query)
        return len(answer.json()["operations"])
