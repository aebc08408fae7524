# SPDX-License-Identifier: Apache-2.0
"""Images, datastores and groups of an OpenNebula.

https://docs.opennebula.io/6.8/integration_and_development/system_interfaces/api.html
"""

from collections.abc import Iterator
from collections.abc import Mapping
from pathlib import Path
import threading

from lxml import etree
from oslo_config import cfg

from reposync import exception
from reposync.drivers.opennebula import image as one_image
from reposync.drivers.opennebula.xmlrpc import connection as rpc
from reposync.drivers.opennebula.xmlrpc import errors
from reposync.drivers.opennebula.xmlrpc import refusals as opennebula_refusals
from reposync.drivers.opennebula.xmlrpc import template

#: Whose images a list shows: the filter of ``one.imagepool.info``.
POOLS = {"all": -2, "mine": -3, "group": -4, "groups": -1}
_PAGE = 500
#: Images that two pages have in common: as many may go while a list is read.
_OVERLAP = 20
#: Pages in a row in which nothing is new.
_MOST_STALE = 5
_SHOWN = 20
_LARGEST_ID = 2**31 - 1
_MERGE = 1
_MYSELF = -1
_ONEADMIN = 0


class OpenNebulaClient:
    """Calls OpenNebula; one for all threads.

    Nothing is connected before the first call, so that a process may fork
    after making this.

    :param conf: the configuration; the account is in its group
        ``opennebula``
    :raises ReposyncError: by any method; see `opennebula_errors`
    """

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration."""
        self._conf = conf
        self._local = threading.local()
        self._together = True
        self._refusals = opennebula_refusals.Refusals(self.image)

    @property
    def user(self) -> str:
        """The name of the service's account."""
        return self._session().partition(":")[0]

    def version(self) -> str:
        """Tell the version, such as ``6.8.0``."""
        return str(self._server().call("system.version"))

    def datastore(self, wanted: str) -> etree._Element:
        """Find a datastore for images.

        :param wanted: name or id
        :returns: its ``DATASTORE`` element
        :raises CatalogueUnsuitable: there is none, or it is for other things
        """
        found = self._server().call("datastorepool.info")
        element = _named(found, "DATASTORE", wanted, "datastore")
        if element.findtext("TYPE") != "0":
            raise exception.CatalogueUnsuitable(
                f"The datastore {wanted!r} of OpenNebula is not for images. "
                "Set datastore in [opennebula]"
            )
        return element

    def group(self, wanted: str) -> int:
        """Find a group.

        :param wanted: name or id
        :raises CatalogueUnsuitable: there is none that the account sees:
            most see only those that they are in
        """
        found = self._server().call("grouppool.info")
        return one_image.number(_named(found, "GROUP", wanted, "group"), "ID")

    def groups(self) -> list[int]:
        """List the ids of the account's groups, the first one first."""
        user = _element(self._server().call("user.info", _MYSELF))
        found = [one_image.number(user, "GID")]
        for each in user.iterfind("GROUPS/ID"):
            found.append(one_image.number(each, "."))
        return list(dict.fromkeys(found))

    def administers(self) -> bool:
        """Tell whether the account is in the group ``oneadmin``."""
        return _ONEADMIN in self.groups()

    def images(self, pool: str) -> Iterator[one_image.Record]:
        """List images page by page, newest first.

        Images that are made or removed meanwhile neither hide others nor
        show them twice.

        :param pool: one of `POOLS`
        """
        first = self._page(POOLS[pool], 0)
        if len(first) > 1 and first[0].id < first[-1].id:
            # The front end is set up to list the oldest first.
            yield from reversed(list(self._pages(POOLS[pool], first, 1)))
        else:
            yield from self._pages(POOLS[pool], first, -1)

    def image(self, image_id: str) -> one_image.Record:
        """Show an image.

        :raises ImageNotFound: there is none, or it is being deleted
        """
        number = _number(image_id)
        found = _element(self._server().call("image.info", number, False))
        record = one_image.read(found)
        if record.state == "delete":
            raise unknown(image_id)
        return record

    def allocate(
        self, attributes: Mapping[str, str | None], datastore: str
    ) -> int:
        """Make an image; OpenNebula fetches it later.

        :param datastore: name or id
        :returns: its id
        """
        text = template.render(attributes)
        chosen = one_image.number(self.datastore(datastore), "ID")
        made = self._server().call("image.allocate", text, chosen)
        if not isinstance(made, int):
            raise errors.unreadable("a new image has no number")
        return made

    @staticmethod
    def renaming(image_id: int, name: str) -> rpc.Call:
        """Give another name to an image; for `change`."""
        return ("image.rename", image_id, name)

    @staticmethod
    def setting(image_id: int, **attributes: str) -> rpc.Call:
        """Set attributes of an image, all others stay; for `change`."""
        return ("image.update", image_id, template.render(attributes), _MERGE)

    def change(self, *calls: rpc.Call) -> None:
        """Make changes in this order.

        All in one request if the front end can, so that nothing comes
        between: xmlrpc-c, on which OpenNebula is built, offers that.  Where
        one is refused, those after it may have been made.
        """
        with self._refusals.explained(*{call[1] for call in calls}):
            if len(calls) > 1 and self._together:
                self._together = self._server().together(calls)
                if self._together:
                    return
            for name, *arguments in calls:
                self._server().call(name, *arguments)

    def delete(self, image_id: int) -> None:
        """Delete an image.

        :raises ImageNotFound: there is none
        :raises ImageBusy: OpenNebula is still copying it
        :raises ImageInUse: machines use it
        :raises ImageProtected: it is locked
        """
        with self._refusals.explained(image_id):
            self._server().call("image.delete", image_id)

    def give(self, image_id: int, group: int) -> None:
        """Give an image to a group; its owner stays."""
        with self._refusals.explained(image_id):
            self._server().call("image.chown", image_id, -1, group)

    def allow(self, image_id: int, mode: str) -> None:
        """Set the rights of an image.

        :param mode: three octal digits
        """
        bits = [
            int(bool(int(digit) & bit)) for digit in mode for bit in (4, 2, 1)
        ]
        with self._refusals.explained(image_id):
            self._server().call("image.chmod", image_id, *bits)

    def _pages(
        self, pool: int, page: list[one_image.Record], direction: int
    ) -> Iterator[one_image.Record]:
        """Read on from a first page.

        Pages are counted from the begin of the list, which moves when
        images come and go.  So each page begins before the end of the one
        before it: if nothing in it was seen already, the list has moved too
        far, and it is asked for again from further up.
        """
        last: int | None = None
        offset = stale = 0
        while page:
            fresh = [
                record
                for record in page
                if last is None or (record.id - last) * direction > 0
            ]
            stale = 0 if fresh else stale + 1
            if stale > _MOST_STALE:
                raise errors.unreadable("its list of images does not end")
            if last is not None and len(fresh) == len(page) and offset > 0:
                offset = max(0, offset - _PAGE)
                page = self._page(pool, offset)
                continue
            yield from fresh
            if len(page) < _PAGE:
                return
            if fresh:
                last = fresh[-1].id
            offset += _PAGE - _OVERLAP
            page = self._page(pool, offset)

    def _page(self, pool: int, offset: int) -> list[one_image.Record]:
        answer = self._server().call("imagepool.info", pool, offset, -_PAGE)
        found = _element(answer)
        return [one_image.read(each) for each in found.iterfind("IMAGE")]

    def _server(self) -> rpc.Server:
        session = self._session()
        if getattr(self._local, "session", None) != session:
            self._local.server = rpc.Server(self._conf, session)
            self._local.session = session
        return self._local.server

    def _session(self) -> str:
        conf = self._conf.opennebula
        if not conf.auth_file:
            session = f"{conf.user or ''}:{conf.password or ''}"
        else:
            try:
                session = Path(conf.auth_file).read_text("utf-8").strip()
            except (OSError, ValueError) as error:
                raise exception.CatalogueDenied(
                    f"auth_file in [opennebula], {conf.auth_file}, cannot be "
                    f"read ({type(error).__name__})"
                ) from error
        user, _, password = session.partition(":")
        if not user or not password or "\n" in session:
            raise exception.CatalogueDenied(
                "There is no account for OpenNebula. Set user and password "
                "in [opennebula], or auth_file to a file with one line "
                "user:password"
            )
        return session


def _named(pool: object, tag: str, wanted: str, what: str) -> etree._Element:
    """Choose an element by name or id."""
    names = []
    for element in _element(pool).iterfind(tag):
        name = element.findtext("NAME") or ""
        if wanted in (name, element.findtext("ID")):
            return element
        names.append(name)
    raise exception.CatalogueUnsuitable(
        f"OpenNebula shows no {what} {wanted!r} to this account; it shows "
        f"{', '.join(names[:_SHOWN]) or 'none'}. Set {what} in [opennebula]"
    )


def _element(found: object) -> etree._Element:
    if not isinstance(found, etree._Element):
        raise errors.unreadable("it should be XML")
    return found


def _number(image_id: str) -> int:
    # Callers write it; OpenNebula's identifiers are numbers.
    if not image_id.isascii() or not image_id.isdecimal():
        raise unknown(image_id)
    number = int(image_id[:12])
    if str(number) != image_id or number > _LARGEST_ID:
        raise unknown(image_id)
    return number


def unknown(image_id: str) -> exception.ImageNotFound:
    """Say that there is no image of an id."""
    return exception.ImageNotFound(f"No image has the id {image_id[:64]!r}")
