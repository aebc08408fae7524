# SPDX-License-Identifier: Apache-2.0
"""OpenNebula's front ends.

They are played by the simulated one, with an account that is not
``oneadmin``; what each says is from OpenNebula's sources, 6.0 to 7.4.
"""

from tests.field import base
from tests.field.row import row
from tests.fixtures import one_cloud
from tests.fixtures import one_files
from tests.fixtures import one_refusal
from tests.fixtures import one_server
from tests.fixtures import wait

NEVER = 10**9


class Place:
    """A front end, and a service that keeps images in it."""

    def __init__(self, field, path="docker", **options):
        self.field = field
        self.one = field.useFixture(one_server.OneServer())
        self.cloud = self.one.cloud
        self.cloud.registry = lambda name: name.encode()
        group = self.cloud.groups[1]
        self.cloud.users.append(
            one_cloud.User(7, "reposync", base.PASSWORD, group)
        )
        self.account = field.path / "one_auth"
        self.account.write_text(f"reposync:{base.PASSWORD}")
        self.registry = field.registry()
        self.host = self.registry.host
        opennebula = {
            "endpoint": self.one.endpoint,
            "auth_file": str(self.account),
            "path": path,
            "directory": str(field.path / "outbox"),
            "poll_interval": "0.1",
        }
        self.service = field.start(
            {
                "conductor": {
                    "driver": "opennebula",
                    "source": "registry",
                    "poll_interval": "1",
                },
                "opennebula": opennebula | options,
            }
        )

    def push(self, repository="team/app", tag="1"):
        self.field.image(self.registry, repository, tag)
        return f"{self.host}/{repository}:{tag}"

    def pull(self, name):
        return self.field.succeeds(name, self.service)

    def fails(self, name, code, *words):
        return self.field.fails(name, code, *words, service=self.service)

    def shown(self):
        return {
            image.name: image
            for image in self.cloud.images.values()
            if image.state != one_cloud.DELETE
        }

    def made(self):
        return self.one.calls.count("one.image.allocate")

    def left(self):
        return [name for name in self.shown() if ".new-" in name]


@row(
    "A registry with a port, and repositories and tags with ``/`` and ``_`` "
    "in the same places; names may have neither a colon nor a twin.",
    "Each image has a name of its own: ``host@5000_team_app_1``, "
    "``host@5000_team__app_1``.",
)
def names(field):
    place = Place(field)
    host = place.host.replace(":", "@")
    for repository, tag in (
        ("team/app", "1"),
        ("team_app", "1"),
        ("team", "app_1"),
    ):
        place.pull(place.push(repository, tag))
    field.assertEqual(
        {f"{host}_team_app_1", f"{host}_team__app_1", f"{host}_team_app__1"},
        set(place.shown()),
    )


@row(
    "OpenNebula still copies the image (``LOCKED``) when the operation ends, "
    "and refuses to delete it: ``Image locked, use --force flag``.",
    "The image is deleted when the copy is over.",
)
def an_image_that_is_still_copied(field):
    place = Place(field, ready_timeout="1")
    name = place.push()
    place.cloud.ticks = NEVER
    place.fails(name, "catalogue_unavailable", "within 1 s")
    field.assertTrue(place.left())
    place.cloud.ticks = 2
    place.pull(name)
    place.cloud.hurry()
    wait.until(lambda: not place.left(), "no image of the failed one", 60)
    field.assertEqual(1, len(place.shown()))
    field.assertNotIn("by hand", place.service.process.log.read_text())


@row(
    "Somebody has locked the image with ``oneimage lock``; to the account, "
    "OpenNebula says ``Not authorized to perform MANAGE IMAGE``.",
    "Nothing is fetched, at no synchronisation, and the operation has "
    "``image_protected``.",
)
def a_locked_image(field):
    place = Place(field)
    name = place.push()
    done = place.pull(name)
    place.cloud.images[int(done["image_id"])].locked = 1
    place.push()
    before = place.made()
    place.fails(name, "image_protected", "oneimage unlock")
    parts = field.sync([name], place.service)
    field.assertEqual(("failed", "image_protected"), base.outcome(parts[name]))
    field.assertEqual(before, place.made())


@row(
    "A datastore of OpenNebula itself cannot tell the size of "
    "``docker://NAME:TAG``: ``Runtime error during size estimation`` up to "
    "6.8, ``File not found`` from 6.10 on.",
    "The operation has ``catalogue_unsuitable`` and says which way works.",
)
def a_datastore_without_docker(field):
    place = Place(field, datastore="default")
    name = place.push()
    for version in ("6.8.3", "6.10.2"):
        place.one.version = version
        place.fails(name, "catalogue_unsuitable", "ONEDock", "path = file")


@row(
    "The HTTP server of the archives is away: ``Failed to get image head``.",
    "It is tried again, and then has ``catalogue_unavailable``.",
)
def a_server_of_archives_that_is_away(field):
    place = Place(field, "file", path_prefix="http://127.0.0.1:9/x")
    place.fails(place.push(), "catalogue_unavailable", "path_prefix")
    field.assertEqual(2, place.made())


@row(
    "A mode sets bits to administer, or a group is not the account's.",
    "It is said when the service starts, and no image is fetched.",
)
def rights_that_an_account_cannot_give(field):
    place = Place(field, group="oneadmin", mode="740")
    place.fails(place.push(), "catalogue_unsuitable", "it shows users")
    field.assertEqual(0, place.made())
    field.assertIn("'oneadmin'", place.service.process.log.read_text())


@row(
    "The password is wrong for a while when there are images of failed "
    "operations to be deleted.",
    "None is forgotten: they are deleted when the account is right again.",
)
def a_wrong_password(field):
    place = Place(field, ready_timeout="1")
    name = place.push()
    place.cloud.ticks = NEVER
    place.fails(name, "catalogue_unavailable")
    right = place.account.read_text()
    place.account.write_text("reposync:wrong")
    place.cloud.ticks = 2
    place.cloud.hurry()
    place.fails(name, "catalogue_denied", "auth_file")
    log = place.service.process.log
    wait.until(lambda: "is kept in mind" in log.read_text(), "a warning", 60)
    field.assertTrue(place.left())
    place.account.write_text(right)
    wait.until(lambda: not place.left(), "nothing left", 60)
    field.assertNotIn("by hand", log.read_text())


@row(
    "A cluster of front ends elects a leader: ``Cannot process request, oned "
    "cluster in election mode``, with the code of internal errors.",
    "The operation is tried again.",
)
def an_election(field):
    place = Place(field)
    asked = []

    def elect():
        asked.append(1)
        place.cloud.busy = (
            "Cannot process request, oned cluster in election mode"
            if len(asked) < 2
            else ""
        )

    name = place.push()
    place.one.before = elect
    place.pull(name)


@row(
    "Something before the front end answers 200 with a page, or 503.",
    "``catalogue_unavailable``, and what to look at.",
)
def a_proxy_with_a_page(field):
    place = Place(field)
    name = place.push()
    place.one.status = 200
    place.fails(name, "catalogue_unavailable", "not OpenNebula")
    place.one.status = 503
    place.fails(name, "catalogue_unavailable", "503")


@row(
    "A disabled image is what the registry holds.",
    "It stays disabled; it is replaced when the tag moves.",
)
def a_disabled_image(field):
    place = Place(field)
    name = place.push()
    image = place.cloud.images[int(place.pull(name)["image_id"])]
    image.state = one_cloud.DISABLED
    field.assertEqual("unchanged", place.pull(name)["outcome"])
    place.push()
    field.assertEqual("updated", place.pull(name)["outcome"])


@row(
    "An image with the name was made by hand with the service's account.",
    "It is left alone; the operation fails before anything is fetched.",
)
def a_name_that_is_taken(field):
    place = Place(field)
    name = place.push()
    host = place.host.replace(":", "@")
    text = f'NAME="{host}_team_app_1"\nPATH="/var/tmp/x.qcow2"\n'
    place.cloud.allocate(place.cloud.users[1], text, 100)
    place.fails(name, "catalogue_error", "name_template")
    field.assertEqual(0, place.made())


@row(
    "The datastore unpacks archives, and then knows no format: ``Unknown "
    "image format``, behind a command of many hundred characters.",
    "``catalogue_unsuitable``, with ``NO_DECOMPRESS`` and the text's end.",
)
def archives_that_are_unpacked(field):
    place = Place(field, "file")

    def read(path):
        raise OSError(f"Command {'x' * 900} Unknown image format src={path}")

    place.cloud._read = read
    place.fails(place.push(), "catalogue_unsuitable", "NO_DECOMPRESS", "src=/")


@row(
    "A quota of the account's group is reached, which OpenNebula says with "
    "the code of refused rights.",
    "``catalogue_quota_exceeded``.",
)
def a_quota(field):
    place = Place(field)

    def refuse(*arguments):
        raise one_refusal.Refusal(
            512,
            "User [7] : group [1] limit of 3 reached for SIZE quota in "
            "DATASTORE with ID: 100.",
        )

    place.cloud.allocate = refuse
    place.fails(place.push(), "catalogue_quota_exceeded", "quota")


@row(
    "A driver of a datastore fails in words that nobody has seen.",
    "It may be the network: it is tried again, and its words are shown.",
)
def unknown_words(field):
    place = Place(field)

    def fail(path):
        raise one_files.Unknown("the moon is full")

    place.cloud._size = fail
    place.fails(place.push(), "catalogue_unavailable", "the moon is full")
