# SPDX-License-Identifier: Apache-2.0
"""Image names, parsed once, as Docker does.

The grammar is that of the distribution project
(https://github.com/distribution/reference): ``[registry/]repository[:tag]
[@digest]``.  The part before the first slash is a registry if it holds a dot
or a colon, is ``localhost`` or has a capital letter; otherwise the name is
one of Docker Hub, whose official images live under ``library/``.

One image has one name here: hosts are in lower case, and what Docker Hub
cannot have is refused, as its short form would be another image's.
"""

import dataclasses
import ipaddress
import re

from reposync import exception

DOCKER_HUB = "docker.io"
DEFAULT_TAG = "latest"

#: Other hosts of Docker Hub.
HUB_ALIASES = frozenset(
    {
        "index.docker.io",
        "registry-1.docker.io",
        "registry.hub.docker.com",
    }
)
_OFFICIAL = "library/"
_NAME_LIMIT = 255
#: Of a whole reference; databases have room for so many.
_LIMIT = 512
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*", re.ASCII)
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?P<name>{_LABEL}(?:\.{_LABEL})*)|\[(?P<ip6>[a-fA-F0-9:]+)\]"
_REGISTRY = re.compile(rf"(?:{_HOST})(?::(?P<port>[0-9]{{1,5}}))?", re.ASCII)
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
#: The grammar lets others be; nobody here could tell whether they are right.
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


@dataclasses.dataclass(frozen=True, slots=True)
class Reference:
    """A normalised image name.

    :ivar registry: host with its port, if any: ``docker.io``, ``host:5000``
    :ivar repository: path within the registry: ``library/busybox``
    :ivar tag: ``latest`` unless the name has a tag; None with a bare digest
    :ivar digest: ``sha256:<hex>`` or None
    """

    registry: str
    repository: str
    tag: str | None = DEFAULT_TAG
    digest: str | None = None

    @classmethod
    def parse(cls, text: str, tag: str | None = None) -> "Reference":
        """Read a name as a person writes it.

        :param text: for example ``busybox`` or ``host:5000/a/b:1``
        :param tag: a tag given apart from the name
        :raises InvalidReference: if the name is outside the grammar, or
            ``text`` and ``tag`` name different tags
        """
        name, at, digest = text.partition("@")
        if at and not is_digest(digest):
            raise _invalid(
                text, f"{digest[:80]!r} is no digest of sha256 or sha512"
            )
        name, own_tag = _split_tag(name)
        if own_tag == "":
            raise _invalid(text, "nothing follows the colon")
        if own_tag and tag and own_tag != tag:
            raise _invalid(text, f"it has a tag that is not {tag[:128]!r}")
        chosen = own_tag or tag or (None if digest else DEFAULT_TAG)
        if chosen is not None and not _TAG.fullmatch(chosen):
            raise _invalid(text, f"{chosen[:128]!r} is no tag")
        registry, repository = _split_registry(text, name)
        _check_names(text, registry, repository)
        made = cls(registry, repository, chosen, digest or None)
        if len(str(made)) > _LIMIT:
            raise _invalid(text, f"it is longer than {_LIMIT} characters")
        return made

    @property
    def name(self) -> str:
        """Repository in its short form: no ``docker.io/library/``."""
        return short_name(self.canonical_name)

    @property
    def canonical_name(self) -> str:
        """Registry and repository, nothing left out."""
        return f"{self.registry}/{self.repository}"

    @property
    def archive_name(self) -> str:
        """Name and tag with a single colon.

        Readers of ``RepoTags`` split at the first one, Zun's among them.  So
        the port of a registry is one more label of its name, and no two
        registries have the same: ``host:5000/a:1`` is ``host.5000/a:1``.
        """
        name = self.name
        if self.registry != DOCKER_HUB:
            name = f"{_without_colon(self.registry)}/{self.repository}"
        return f"{name}:{self.tag or DEFAULT_TAG}"

    def __str__(self) -> str:
        """Give the short form with its tag and digest."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"


def is_digest(text: str) -> bool:
    """Tell whether something is a digest that can be verified here."""
    return _DIGEST.fullmatch(text) is not None


def short_name(canonical_name: str) -> str:
    """Leave out what is understood: ``docker.io/library/``."""
    name = canonical_name.removeprefix(f"{DOCKER_HUB}/")
    if name == canonical_name:
        return name
    return name.removeprefix(_OFFICIAL)


def is_host(text: str) -> bool:
    """Tell whether the first part of a name is a registry."""
    return (
        "." in text
        or ":" in text
        or text.lower() == "localhost"
        or text != text.lower()
    )


def _split_tag(name: str) -> tuple[str, str | None]:
    """Cut at the last colon, unless it belongs to a port."""
    head, colon, tail = name.rpartition(":")
    if not colon or "/" in tail:
        return name, None
    return head, tail


def _split_registry(text: str, name: str) -> tuple[str, str]:
    head, slash, tail = name.partition("/")
    registry, repository = DOCKER_HUB, name
    if slash and is_host(head):
        registry, repository = _host(text, head), tail
    if registry == DOCKER_HUB and "/" not in repository:
        repository = _OFFICIAL + repository
    return registry, repository


def _host(text: str, host: str) -> str:
    """Write a registry's host in the one way that is used here.

    :raises InvalidReference: it is none
    """
    found = _REGISTRY.fullmatch(host)
    number = int(found["port"] or 1) if found else 0
    if not found or not 0 < number < 2**16:
        raise _invalid(text, f"{host[:80]!r} is no registry host")
    port = f":{number}" if found["port"] else ""
    if found["ip6"]:
        return f"[{_address(text, found['ip6'])}]{port}"
    # A single word is a host for its capital letters only: it keeps them.
    lower = found["name"].lower() + port
    name = lower if is_host(lower) else host
    return DOCKER_HUB if name in HUB_ALIASES else name


def _address(text: str, ip6: str) -> str:
    try:
        address = ipaddress.IPv6Address(ip6)
    except ValueError as error:
        raise _invalid(text, f"{ip6[:80]!r} is no address") from error
    if address.ipv4_mapped:
        # Later releases of Python write it with dots.
        low = int(address.ipv4_mapped)
        return f"::ffff:{low >> 16:x}:{low & 0xFFFF:x}"
    return str(address)


def _without_colon(registry: str) -> str:
    found = _REGISTRY.fullmatch(registry)
    if found is None:
        return registry
    host, port = found["name"], found["port"]
    if found["ip6"]:
        # In capital letters, so that no other host is written like this.
        address = ipaddress.IPv6Address(found["ip6"]).exploded
        host, port = f"{address.replace(':', '-')}.IP6", port or "0"
    elif re.search(r"\.[0-9]+$", host):
        # An address of IPv4: its last number is no port.
        port = port or "0"
    return f"{host}.{port}" if port else host


def _check_names(text: str, registry: str, repository: str) -> None:
    if not _REPOSITORY.fullmatch(repository):
        hint = "names are lower case, with '.', '_' and '-' between letters"
        raise _invalid(text, hint)
    if len(f"{registry}/{repository}") > _NAME_LIMIT:
        raise _invalid(text, f"it is longer than {_NAME_LIMIT} characters")
    if registry != DOCKER_HUB:
        return
    namespace, _, rest = repository.partition("/")
    if is_host(namespace):
        raise _invalid(text, f"Docker Hub has no namespace {namespace!r}")
    if repository.startswith(_OFFICIAL) and "/" in rest:
        raise _invalid(text, "Docker Hub's library/ has no directories")


def _invalid(text: str, why: str) -> exception.InvalidReference:
    shown = text if len(text) <= 120 else f"{text[:120]}..."
    return exception.InvalidReference(
        f"{shown!r} is not an image name: {why}. "
        "Expected [registry/]repository[:tag], such as busybox:1.36 or "
        "registry.example.org:5000/team/app:1"
    )
