# SPDX-License-Identifier: Apache-2.0
"""Where a registry's tokens are asked for, and who gets a password there.

Registries behind a proxy that ends TLS often name their token server with
``http://``.  Engines follow its redirect to https and have sent the password
by then; here the https address is taken at once.
"""

import re
import urllib.parse

from reposync import exception
from reposync.sources.registry.transport import hosts
from reposync.sources.registry.transport.egress import rules as egress

#: What else there is in an address is read in one way by one library, and in
#: another way by the next.
_HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+(?:%[\w.-]+)?")
_PORTS = {"http": 80, "https": 443}
_REDIRECTS = (301, 302, 303, 307, 308)


def address(
    endpoint: hosts.Endpoint, realm: str, transport: hosts.Hosts
) -> str:
    """Give the address to ask for tokens, https wherever it can be."""
    parts = urllib.parse.urlsplit(realm)
    if parts.scheme == "https":
        return realm
    own = urllib.parse.urlsplit(endpoint.url)
    ports = _PORTS["http"], port(own)
    same = parts.hostname == own.hostname and port(parts) in ports
    if own.scheme == "https" and same:
        return parts._replace(scheme="https", netloc=own.netloc).geturl()
    if transport.is_insecure(parts.netloc):
        return realm
    netloc = parts.netloc.removesuffix(f":{_PORTS['http']}")
    return parts._replace(scheme="https", netloc=netloc).geturl()


def may_ask_plainly(
    endpoint: hosts.Endpoint, realm: str, transport: hosts.Hosts
) -> bool:
    """Tell whether an address without TLS may be asked where it leads to.

    It may on the registry's own host, or if the operator listed it.
    """
    if host(realm) == host(endpoint.url):
        return True
    return transport.is_insecure(urllib.parse.urlsplit(realm).netloc)


def elsewhere(
    trail: egress.Trail, realm: str, transport: hosts.Hosts
) -> str | None:
    """Find where a plain address leads, without a word of who asks.

    :returns: an https address of the same host; None if it leads nowhere
    """
    try:
        answer = transport.send(trail, "GET", realm, {})
    except exception.SourceUnavailable:
        return None
    answer.close()
    found = redirect(realm, answer)
    if found is None or not found.startswith("https://"):
        return None
    return found if host(found) == host(realm) else None


def may_have_password(
    endpoint: hosts.Endpoint, url: str, transport: hosts.Hosts
) -> bool:
    """Tell whether an address may get the password of a registry.

    It may if the registry named it over TLS, if it is on the registry's own
    host, or if the operator listed it.
    """
    parts = urllib.parse.urlsplit(url)
    return (
        endpoint.url.startswith("https://")
        or parts.hostname == urllib.parse.urlsplit(endpoint.url).hostname
        or transport.is_insecure(parts.netloc)
    )


def is_redirect(answer: hosts.Answer) -> bool:
    """Tell whether an answer leads elsewhere."""
    return answer.status in _REDIRECTS


def redirect(url: str, answer: hosts.Answer) -> str | None:
    """Give where an answer leads; the query goes along, as it must.

    :returns: None if it leads nowhere that could be asked
    """
    place = answer.headers.get("location")
    if not is_redirect(answer) or not place:
        return None
    try:
        target = urllib.parse.urlsplit(urllib.parse.urljoin(url, place))
        usable = is_host(target.hostname) and target.port != 0
        netloc = target.netloc.rpartition("@")[2]
    except ValueError:
        return None
    if not usable or target.scheme not in _PORTS:
        return None
    if not target.query:
        target = target._replace(query=urllib.parse.urlsplit(url).query)
    # An account in it is not ours to use, or to show.
    return target._replace(netloc=netloc, fragment="").geturl()


def is_same(url: str, target: str) -> bool:
    """Tell whether a redirect leads to the same origin, or adds TLS to it."""
    if origin(url) == origin(target):
        return True
    added = url.startswith("http://") and target.startswith("https://")
    return added and host(url) == host(target)


def is_host(name: str | None) -> bool:
    """Tell whether the name of a host is one, or an address."""
    return bool(_HOST.fullmatch(name or ""))


def host(url: str) -> str:
    """Give the name of an address's host, without its port."""
    return urllib.parse.urlsplit(url).hostname or ""


def origin(url: str) -> str:
    """Give scheme, host and port of an address, for messages."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def port(parts: urllib.parse.SplitResult) -> int:
    """Give the port of an address, where it names none as well."""
    return parts.port or _PORTS.get(parts.scheme, 0)
