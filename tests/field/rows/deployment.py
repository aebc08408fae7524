# SPDX-License-Identifier: Apache-2.0
"""The deployment's own servers."""

from collections.abc import Callable
import random

import requests
import sqlalchemy as sa

from lab import images
from tests.field.row import row
from tests.fixtures import client
from tests.fixtures import cloud
from tests.fixtures import deployment
from tests.fixtures import wait

#: Seconds between two looks into the database: what begins before that was
#: nudged.
_SELDOM = 600
_API, _CONDUCTOR = "reposync-api", "reposync-conductor"
_WRONG = "not-the-pa55word"


class Site(deployment.Deployment):
    """A deployment that may lack something."""

    def __init__(
        self, field, synced=True, start=(_CONDUCTOR, _API), **options
    ):
        super().__init__(field.lab)
        self.field = field
        self.make(options)
        field.addCleanup(self.stop)
        if synced:
            self.run("reposync-manage", "db", "sync")
        for each in start:
            self.start_process(each)

    def text(self, name: str) -> str:
        return self.log(name).read_text()

    def health(self) -> str:
        try:
            return requests.get(f"{self.url}/healthcheck", timeout=30).text
        except requests.ConnectionError:
            return ""

    def tells(self, text: str) -> None:
        """Wait until the health says something."""
        wait.until(lambda: text in self.health(), f"health: {text}", 60)

    def logs_once(self, name: str, text: str) -> None:
        """Wait until a process says something; in one line, and once."""
        wait.until(lambda: text in self.text(name), f"{name}: {text}", 60)
        self.field.assertEqual(1, self.text(name).count(text))
        for each in (_API, _CONDUCTOR):
            if self.log(each).exists():
                self.field.assertNotIn("Traceback", self.text(each))
                self.field.assertNotIn(_WRONG, self.text(each))


def _caller(field, site: deployment.Deployment) -> client.Client:
    return client.Client(site.url, cloud.Cloud(field.lab).token())


def _listening(field, **options: dict) -> Site:
    """Start a deployment whose conductor begins on nudges only."""
    options = {"conductor": {"poll_interval": _SELDOM, "source": "registry"}}
    site = Site(field, **options)
    wait.until(site.healthy, "a healthy service", 60)
    wait.until(
        lambda: "Listening on the message bus" in site.text(_CONDUCTOR),
        "a conductor that listens",
        60,
    )
    return site


def _pulled_by_nudges(field, caller: client.Client, number: int) -> None:
    for _ in range(number):
        repository = deployment.unique("field/nudged")
        content = {"file": random.randbytes(100)}
        images.push_image(field.lab["LAB_REGISTRY"], repository, "1", content)
        name = f"{field.lab['LAB_REGISTRY']}/{repository}:1"
        ended = caller.ended(caller.pull(name), 60)
        field.assertEqual("succeeded", ended["state"], ended)


@row(
    "Two deployments share a virtual host of RabbitMQ, as staging beside "
    "production does.",
    "Each conductor hears its own deployment only: operations begin at once.",
    lab=True,
)
def two_deployments(field):
    first, second = _listening(field), _listening(field)
    _pulled_by_nudges(field, _caller(field, first), 6)
    field.assertNotIn("was announced", second.text(_CONDUCTOR))


@row(
    "Staging has a copy of production's database, and the same virtual host.",
    "A conductor says once that it hears of operations its database does not "
    "have; ``reposync-manage db rename`` on the copy ends it.",
    lab=True,
)
def a_copied_database(field):
    first, copy = _listening(field), Site(field, start=())
    name = _ask(first, "SELECT id FROM deployment")
    _change(copy, f"UPDATE deployment SET id = '{name}'")
    copy.start_process(_CONDUCTOR)
    caller = _caller(field, first)

    def foreign():
        operation = caller.pull("127.0.0.1:1/field/nobody:1")
        caller.call("DELETE", f"/v1/operations/{operation['id']}")
        return "this database does not have it" in copy.text(_CONDUCTOR)

    wait.until(foreign, "a foreign message", 60)
    copy.logs_once(_CONDUCTOR, "this database does not have it")
    copy.stop_process(_CONDUCTOR)
    copy.run("reposync-manage", "db", "rename")
    copy.start_process(_CONDUCTOR)
    _pulled_by_nudges(field, caller, 4)


@row(
    "The password in [database] connection is wrong.",
    "Log and health have the server's sentence in a line, once; the health "
    "without names.",
    lab=True,
)
def a_wrong_password_of_the_database(field):
    site = _without_database(field, lambda url: url.set(password=_WRONG))
    site.tells("database AWAY: password authentication failed for user …")
    for each in (_API, _CONDUCTOR):
        site.logs_once(each, "The database is away: ")
        field.assertIn('failed for user "lab"', site.text(each))


@row(
    "The driver of the database is not installed.",
    "One line names the package.",
    lab=True,
)
def no_driver_of_the_database(field):
    site = _without_database(field, lambda url: url.set(drivername="mysql"))
    site.tells("pip install mysqlclient")
    site.logs_once(_CONDUCTOR, "pip install mysqlclient")


@row(
    "The services are started before the tables are made.",
    "They say what to run, answer 503, and begin by themselves afterwards.",
    lab=True,
)
def tables_that_were_not_made(field):
    site = Site(field, synced=False)
    site.tells("database AWAY: its tables are missing")
    site.logs_once(_CONDUCTOR, "run 'reposync-manage db sync'")
    answer = _caller(field, site).call("GET", "/v1/operations")
    field.assertEqual(503, answer.status_code)
    site.run("reposync-manage", "db", "sync")
    wait.until(site.healthy, "a healthy service", 60)
    site.tells("conductors OK")


@row(
    "RabbitMQ has no such virtual host.",
    "Log and health say so in a line; operations are found by looking.",
    lab=True,
)
def no_virtual_host(field):
    url = f"{field.lab['LAB_TRANSPORT_URL']}no-such-host"
    site = Site(field, DEFAULT={"transport_url": url})
    site.tells("message bus AWAY: RabbitMQ has no such virtual host")
    site.logs_once(_CONDUCTOR, "The message bus is away: RabbitMQ has no such")


@row(
    "RabbitMQ refuses the account.",
    "Log and health say so in a line.",
    lab=True,
)
def a_wrong_password_of_the_broker(field):
    place = field.lab["LAB_TRANSPORT_URL"].rpartition("@")[2]
    url = f"rabbit://reposync:{_WRONG}@{place}"
    site = Site(field, DEFAULT={"transport_url": url})
    site.tells("message bus AWAY: RabbitMQ refuses the account")
    site.logs_once(_CONDUCTOR, "RabbitMQ refuses the account")


@row(
    "[oslo_messaging_rabbit] asks for TLS where RabbitMQ speaks none.",
    "Log and health say so, and name the usual port.",
    lab=True,
)
def a_broker_without_tls(field):
    site = Site(field, oslo_messaging_rabbit={"ssl": "true"})
    site.tells("message bus AWAY: RabbitMQ speaks no TLS there")
    site.logs_once(_CONDUCTOR, "RabbitMQ speaks no TLS there")


@row(
    "Keystone refuses the account in [keystone_authtoken].",
    "The health and an answer 503 say so.",
    lab=True,
)
def a_wrong_password_of_keystone(field):
    site = Site(field, keystone_authtoken={"password": _WRONG})
    text = "Keystone refuses the account in [keystone_authtoken]"
    site.tells(f"identity service AWAY: {text}")
    answer = _caller(field, site).call("GET", "/v1/operations")
    field.assertEqual(503, answer.status_code)
    field.assertIn(text, answer.json()["errors"][0]["detail"])


@row(
    "[keystone_authtoken] auth_url ends in /v2.0.",
    "The health says that there is no version 3.",
    lab=True,
)
def an_old_version_of_keystone(field):
    url = field.lab["OS_AUTH_URL"].replace("/v3", "/v2.0")
    site = Site(field, keystone_authtoken={"auth_url": url})
    site.tells("identity service AWAY: there is no Keystone with version 3")


@row(
    "Keystone refuses the account in [glance].",
    "The conductor's log and the health say so; requests are accepted.",
    lab=True,
)
def a_wrong_password_of_glance(field):
    site = Site(field, glance={"password": _WRONG})
    site.tells("catalogue AWAY: Keystone refuses the account in [glance]")
    wait.until(site.healthy, "a status of 200", 60)


@row(
    "No conductor runs.",
    "The health says so, and lists of images answer 504 at once; operations "
    "are accepted and wait.",
    lab=True,
)
def no_conductor(field):
    site = Site(field, start=(_API,))
    site.tells("conductors AWAY: No conductor has ever given a sign of life")
    caller = _caller(field, site)
    # Half of what it takes to wait for an answer over the bus.
    answer = caller.call("GET", "/v1/images", timeout=10)
    field.assertEqual(504, answer.status_code)
    field.assertEqual("queued", caller.pull("127.0.0.1:1/a/b:1")["state"])
    site.start_process(_CONDUCTOR)
    site.tells("conductors OK")
    site.stop_process(_CONDUCTOR)
    site.tells("conductors AWAY: No conductor runs: the last one stopped")


def _without_database(field, change: Callable[[sa.URL], sa.URL]) -> Site:
    """Start a deployment whose address of the database is wrong."""
    site = Site(field, start=())
    url = change(sa.make_url(site._database.url))
    text = url.render_as_string(hide_password=False)
    site.write_config({"database": {"connection": text}})
    for each in (_CONDUCTOR, _API):
        site.start_process(each)
    return site


def _ask(site: deployment.Deployment, statement: str) -> str:
    with sa.create_engine(site._database.url).connect() as connection:
        return str(connection.scalar(sa.text(statement)))


def _change(site: deployment.Deployment, statement: str) -> None:
    with sa.create_engine(site._database.url).begin() as connection:
        connection.execute(sa.text(statement))
