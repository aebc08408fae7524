# SPDX-License-Identifier: Apache-2.0
"""What a webhook's body says, whichever registry sent it."""

from collections.abc import Callable
from collections.abc import Mapping
import dataclasses
import hashlib
import json
from typing import Any
from typing import Literal

from reposync import exception
from reposync import reference as ref
from reposync import texts
from reposync.webhooks import attachments

Action = Literal["push", "delete", "ping", "ignore"]

#: Stands for the registry where a body does not tell it; no host can have
#: this name (RFC 6761), and the receiver's option ``registry`` replaces it.
UNKNOWN = "registry.invalid"


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a registry.

    It is a hint: what the tag points at is looked up at the registry.

    :ivar reference: the image; None for a ping.  Its tag is None where the
        body names none; a deletion then has a digest, or is of a whole
        repository
    :ivar digest: as the body has it, if it has
    :ivar delivery_id: the same for repeated deliveries, if there is one
    :ivar callback_url: who wants to know how it ends; to be trusted in
        nothing
    :ivar note: why it is to be ignored, in a sentence
    :ivar reply: what whoever asks for a sign of life wants to read
    """

    reference: ref.Reference | None
    action: Action = "push"
    digest: str | None = None
    delivery_id: str | None = None
    callback_url: str | None = None
    note: str | None = None
    reply: Mapping[str, str] | None = None


#: Headers, their names in lower case, and body in, events out.  A pure
#: function; raises InvalidWebhook.
Parser = Callable[[Mapping[str, str], bytes], list[Event]]


@dataclasses.dataclass(frozen=True, slots=True)
class Format:
    """What one kind of registry sends, and how it proves who it is.

    Loaded by stevedore from the namespace ``reposync.webhooks``.

    :ivar auth: the usual way of authentication, see `authentication`
    :ivar header: the header that belongs to it
    :ivar names_registry: False if bodies do not tell the registry's host
    """

    parse: Parser
    auth: str = "query"
    header: str = "Authorization"
    names_registry: bool = True


def ping(
    note: str | None = None, reply: Mapping[str, str] | None = None
) -> list[Event]:
    """Give the events of a call that only tries whether somebody is there.

    :param note: what a person has to do
    :param reply: see `Event`
    """
    return [Event(None, "ping", note=note, reply=reply)]


def ignored(note: str, delivery_id: str | None = None) -> Event:
    """Make an event that is none of ours."""
    note = texts.cut(texts.printable(note))
    return Event(None, "ignore", delivery_id=delivery_id, note=note)


def content(body: bytes) -> dict[str, Any]:
    """Read a body that must be a JSON object.

    :raises InvalidWebhook: it is none
    """
    try:
        value = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise exception.InvalidWebhook("The body is not JSON") from error
    if not isinstance(value, dict):
        raise exception.InvalidWebhook("The body is no JSON object")
    return value


def member(value: Any, *path: str) -> Any:
    """Give what is at a place of a JSON document; None if nothing is."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: Any, *path: str) -> str | None:
    """Give a text at a place; None if there is none, or an empty one.

    :raises InvalidWebhook: there is something else
    """
    found = member(value, *path)
    if found is None or found == "":
        return None
    if not isinstance(found, str):
        raise exception.InvalidWebhook(f"{'.'.join(path)} is no text")
    return found


def needed(value: Any, *path: str) -> str:
    """Give a text that must be there.

    :raises InvalidWebhook: it is not
    """
    found = text(value, *path)
    if found is None:
        raise exception.InvalidWebhook(f"The body has no {'.'.join(path)}")
    return found


def entries(value: Any, *path: str) -> list[Any]:
    """Give a list that must be there.

    :raises InvalidWebhook: it is not
    """
    found = member(value, *path)
    if not isinstance(found, list):
        raise exception.InvalidWebhook(f"{'.'.join(path)} is no list")
    return found


def digest(value: Any) -> str | None:
    """Give a digest if it is one; it is a hint and never needed."""
    return value if isinstance(value, str) and ref.is_digest(value) else None


def content_id(body: bytes) -> str:
    """Give the id of a body that is new for each event.

    An id that comes in a header is covered by no signature; this one is as
    good as the body.
    """
    return hashlib.sha256(body).hexdigest()


def image(
    registry: str, repository: str, tag: str | None = None
) -> ref.Reference:
    """Name an image; without a tag it gets none.

    A digest in the place of a tag is what several registries tell of an image
    that has none.
    A host that no reference can have, such as the short name of a container
    behind a proxy, counts as unknown.

    :raises InvalidWebhook: no image can have this name
    """
    if any(char in repository for char in ":@"):
        raise exception.InvalidWebhook(f"{repository[:80]!r} is no repository")
    if digest(tag):
        tag = None
    host = registry.lower() if is_host(registry) else UNKNOWN
    attached = tag is not None and attachments.is_tag(tag)
    try:
        # The second part of a name is never taken for a host.
        parsed = ref.Reference.parse(
            f"{host}/{repository}", None if attached else tag
        )
    except exception.InvalidReference as error:
        raise exception.InvalidWebhook(error.message) from error
    if tag is None or attached:
        # Such a tag is known, even where it is too long to be one.
        return dataclasses.replace(parsed, tag=tag)
    return parsed


def is_host(text: str) -> bool:
    """Tell whether a registry can have this name, with or without a port."""
    try:
        parsed = ref.Reference.parse(f"{text.lower()}/a/b")
    except exception.InvalidReference:
        return False
    return parsed.repository == "a/b"


def split(name: str) -> tuple[str, str]:
    """Cut a full name into host and repository, past a scheme.

    :raises InvalidWebhook: it has only one part
    """
    host, slash, repository = name.rpartition("://")[2].partition("/")
    if not slash:
        raise exception.InvalidWebhook(f"{name[:80]!r} names no registry")
    return host, repository


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
