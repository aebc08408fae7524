# SPDX-License-Identifier: Apache-2.0
"""Names of images, lists of them, and filters."""

from collections.abc import Iterator
import hashlib
from types import SimpleNamespace
from typing import Any

from reposync import exception
from reposync import filters
from reposync import keys
from reposync import reference as ref
from reposync import repositories
from reposync.db import models
from reposync.drivers import base as driver
from reposync.drivers.opennebula import names as opennebula_names
from reposync.sources import credentials
from reposync.sources.docker import names
from reposync.sources.oci import platforms
from tests.fuzz import bounds
from tests.fuzz.bounds import require
from tests.fuzz.bounds import Target

_CONF: Any = SimpleNamespace(
    conductor=SimpleNamespace(driver="d", platform="linux/amd64")
)
_NAMES = opennebula_names.Names("{name}_{tag}")
#: Characters of a reference in the database.
_COLUMN = models.Operation.__table__.c.reference.type.length
_LIST = b"""\
# what is mirrored
busybox
docker.io/library/alpine:3.*  # a comment
quay.io/team/*:v1 delete=yes
registry.example.org:5000/a/b source=docker delete=no
[::1]:5000/x
*
*.example.org/app
"""


def _name_seeds() -> Iterator[bytes]:
    digest = "sha256:" + "0" * 64
    for one, two in (
        ("busybox", "docker.io/library/busybox:latest"),
        ("host:5000/a/b:1", f"host.5000/a/b:1@{digest}"),
        ("[::1]:5000/a", "[0::1]:05000/a"),
        ("registry.hub.docker.com/a/b", "A/b"),
        ("127.0.0.1/a:1", "1.2.3:4/a_b/c__d-e.f"),
        ("windows(10.0.1.2+win32k)/amd64/v2", "linux/arm/v7"),
        ("a.*[0-9]+", "(?i)b|c?"),
    ):
        yield f"{one}\n{two}".encode()


def _names(data: bytes) -> None:
    texts = data.decode("utf-8", "surrogateescape").split("\n")[:4]
    found = []
    errors = []
    for text in texts:
        try:
            found.append(ref.Reference.parse(text))
        except exception.InvalidReference as error:
            errors.append(error)
        _other(text)
    for one in found:
        _check(one)
        for two in found:
            _compare(one, two)
    if errors:
        raise max(errors, key=lambda error: len(str(error)))


def _other(text: str) -> None:
    """Read a text as what else a caller may name."""
    platform = platforms.Platform.parse(text)
    platforms.Platform.parse(str(platform))
    platform.rank(platforms.Platform.parse("linux/arm64/v8"))
    try:
        for pattern, name in ((text, "a/b:1"), ("*b*", text)):
            image = driver.Image(id="1", name=name, type="docker")
            filters.ImageFilter(pattern).matches(image)
    except exception.InvalidFilter as error:
        bounds.check_text(error.message)


def _check(reference: ref.Reference) -> None:
    shown = str(reference)
    bounds.check_text(shown)
    require(len(shown) <= _COLUMN, "longer than its column", shown)
    algorithm, _, value = (reference.digest or "").partition(":")
    require(not value or hashlib.new(algorithm).hexdigest(), "no digest")
    require(ref.Reference.parse(shown) == reference, "not itself", shown)
    archived = reference.archive_name
    require(archived.count(":") == 1, "more colons", archived)
    ref.Reference.parse(archived)
    ref.Reference.parse(names.full(reference))
    list(credentials._keys(reference))
    for name in (_NAMES.plain(reference), _NAMES.hashed(reference)):
        require(len(name.encode()) <= opennebula_names.LONGEST, "a name", name)
        require(not opennebula_names.FORBIDDEN & set(name), "a name", name)
    listed = repositories.Repository(reference.canonical_name, reference.tag)
    require(listed.allows(reference), "not on its own list", shown)


def _compare(one: ref.Reference, two: ref.Reference) -> None:
    if one.tag is None or two.tag is None:
        return
    same = (one.name, one.tag) == (two.name, two.tag)
    key = keys.pull_key(_CONF, one) == keys.pull_key(_CONF, two)
    require(key == same, "other keys than names", (one, two))
    archived = one.archive_name == two.archive_name
    require(archived == same, "one name in archives", (one, two))
    taken = _NAMES.plain(one) == _NAMES.plain(two)
    require(taken == same, "one name in OpenNebula", (one, two))


def _list_seeds() -> Iterator[bytes]:
    yield _LIST
    yield "äöü\nA/b\n\x1b[0m\na".encode("latin-1", "replace")


def _lists(data: bytes) -> None:
    lines = data.decode(errors="replace").splitlines()
    found = repositories.RepositoryList.parse(lines)
    for bad in found.bad_lines:
        bounds.check_text(bad.reason)
        require(0 < bad.number <= len(lines), "a line", bad)
        require(bad.text.isprintable(), "a line", bad)
    for reference in found.references()[:50]:
        require(found.allows(reference), "not on its list", reference)
        found.source_of(reference)
        found.may_delete(reference)
    for entry in found.entries[:50]:
        shown = entry.short_name + (f":{entry.tag}" if entry.tag else "")
        again = repositories.parse_line(shown)
        same = (again.name, again.tag) == (entry.name, entry.tag)
        require(same, "not itself", shown)
        for text in ("a:1", "quay.io/team/app:v1", "r.example:5/a/b"):
            entry.allows(ref.Reference.parse(text))


TARGETS = {
    "names": Target(_names, _name_seeds),
    "lists": Target(_lists, _list_seeds, ()),
}
