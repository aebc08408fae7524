# SPDX-License-Identifier: Apache-2.0
"""Addresses and accounts: of proxies, token servers, redirects, helpers."""

from collections.abc import Iterator
import json
import re
import socket
import subprocess
from types import SimpleNamespace
from typing import Any
import urllib.parse

from reposync import exception
from reposync import reference as ref
from reposync.sources import credential_helpers
from reposync.sources import credentials
from reposync.sources.registry.authentication import realms as registry_realms
from reposync.sources.registry.authentication import (
    token_server as registry_token_server,
)
from reposync.sources.registry.transport import hosts as registry_hosts
from reposync.sources.registry.transport import redirects as registry_redirects
from reposync.sources.registry.transport.egress import (
    addresses as registry_addresses,
)
from reposync.sources.registry.transport.egress import (
    listed as registry_listed,
)
from reposync.sources.registry.transport.proxies import environment
from reposync.sources.registry.transport.proxies import (
    no_proxy as registry_no_proxy,
)
from tests.fuzz import bounds
from tests.fuzz import message
from tests.fuzz.bounds import require
from tests.fuzz.bounds import Target
from tests.fuzz.targets.answers import ENDPOINT

_URL = "https://r.example/v2/a/blobs/x?n=1"
_REFERENCES = [
    ref.Reference.parse(name)
    for name in ("busybox", "r.example/team/app:1", "[::1]:5/a")
]


class _Hosts:
    """The network, in which nothing answers."""

    def is_insecure(self, host: str) -> bool:
        return host == "plain.example"

    def send(self, *_: Any, **__: Any) -> Any:
        raise exception.SourceUnavailable("nobody is there")


_HOSTS: Any = _Hosts()
_REDIRECTS = registry_redirects.Redirects(_HOSTS)


def _address_seeds() -> Iterator[bytes]:
    for place in (
        "https://storage.example/a?sig=x#f",
        "//plain.example/a",
        "http://user:password@[::1]:5000/",
        "../b",
        "http://plain.example:80/token",
        "\\\\evil@r.example",
    ):
        yield message.write(location=place, status=307)
    yield message.write(
        no_proxy="localhost,*.corp,.example:443,10.0.0.0/8,[::1]:5,fe80::/10",
        proxy=f"http://user:{bounds.SECRET}@proxy.example:3128/",
        host="10.1.2.3",
    )
    yield message.write(host="0x7f000001", no_proxy="*.a:5,[::1],10/8")
    yield message.write(host="[::ffff:127.0.0.1%eth0]", no_proxy="")
    yield message.write(proxy="socks5h://[fe80::1%eth0]", no_proxy="*")


def _addresses(data: bytes) -> None:
    fields, _ = message.read(data)
    answer = message.answer(data, 307)
    errors = []
    try:
        _check_target(_REDIRECTS._target(_URL, _URL, answer))
    except exception.SourceError as error:
        errors.append(error)
    target = registry_realms.redirect(_URL, answer)
    if target is not None:
        _check_target(target, ("http", "https"))
        _check_target(
            registry_realms.address(ENDPOINT, target, _HOSTS),
            ("http", "https"),
        )
        registry_realms.may_have_password(ENDPOINT, target, _HOSTS)
        registry_realms.is_same(_URL, target)
    for host in ("r.example", "10.1.2.3", fields.get("host", "")):
        _check_host(host, fields.get("no-proxy", ""))
    try:
        _check_proxy(fields.get("proxy", ""))
    except exception.SourceError as error:
        errors.append(error)
    if errors:
        raise max(errors, key=lambda error: len(str(error)))


def _check_host(host: str, entries: str) -> None:
    covered = registry_no_proxy.NoProxy(entries).covers(host, 443)
    require(isinstance(covered, bool), "no answer")
    registry_listed.Listed(entries.split(",")).has(host, 443)
    kind = registry_addresses.kind_of_name(host)
    registry_addresses.kind(host)
    try:
        address = socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, ValueError):
        return
    require(kind is registry_addresses.kind(address), "another kind", host)


def _check_target(url: str, schemes: tuple[str, ...] = ("https", "http")):
    parts = urllib.parse.urlsplit(url)
    require(parts.scheme in schemes, "a scheme", url)
    require(parts.hostname, "no host", url)
    require("@" not in parts.netloc, "an account", url)
    require(parts.port != 0, "a port", url)
    if parts.scheme == "http":
        plain = parts.hostname == "plain.example"
        require(plain or schemes == ("http", "https"), "without TLS", url)
    registry_hosts.unavailable(parts.netloc, ValueError("x"))


def _check_proxy(value: str) -> None:
    made = environment.parse("HTTPS_PROXY", value)
    bounds.check_text(str(made))
    require(made.password not in repr(made) or len(made.password) < 9, "shown")
    parts = urllib.parse.urlsplit(made.address)
    require(parts.hostname and parts.port, "no address", made)


def _account_seeds() -> Iterator[bytes]:
    auth = "dTpjb3JyZWN0LWhvcnNlLWJhdHRlcnk="
    yield json.dumps(
        {
            "auths": {
                "r.example": {"auth": auth},
                "https://index.docker.io/v1/": {
                    "username": "u",
                    "password": bounds.SECRET,
                },
                "r.example/team": {"identitytoken": bounds.SECRET},
                "[::1]:5": {"registrytoken": bounds.SECRET, "auth": ""},
            }
        }
    ).encode()
    yield json.dumps({"Username": "<token>", "Secret": "x"}).encode()
    yield json.dumps(
        {"ServerURL": "r", "username": "u", "secret": "s"}
    ).encode()


def _accounts(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    # No program of this machine shall be run.
    text = re.sub(r"(?i)cred(?=helpers|sstore)", "x", text)
    conf: Any = SimpleNamespace(
        registry=SimpleNamespace(auth_config=text, auth_file=None)
    )
    errors = []
    for reference in _REFERENCES:
        try:
            _check_account(credentials.find(conf, reference))
        except exception.ReposyncError as error:
            errors.append(error)
    done = subprocess.CompletedProcess([], data[:1] == b"!", data, data)
    try:
        found = credential_helpers._read("helper", "r.example", done)
        if found:
            _check_account(credentials.Credentials(*found))
    except exception.ReposyncError as error:
        errors.append(error)
    if errors:
        raise max(errors, key=lambda error: len(str(error)))


def _check_account(account: credentials.Credentials) -> None:
    values = (
        account.user,
        account.password,
        account.identity_token,
        account.registry_token,
    )
    require(all(isinstance(each, str) for each in values), "no text")
    registry_token_server.basic(account)
    require("\n" not in account.registry_token, "a header of two lines")
    for secret in values[1:]:
        hidden = len(secret) < 9 or secret in account.user + account.place
        require(hidden or secret not in repr(account), "shown", account)
    urllib.parse.urlencode([("a", each) for each in values])


TARGETS = {
    "addresses": Target(_addresses, _address_seeds),
    "accounts": Target(_accounts, _account_seeds),
}
