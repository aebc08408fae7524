# SPDX-License-Identifier: Apache-2.0
"""What registries and their token servers answer."""

from collections.abc import Iterator
import math
import re
import urllib.parse

from reposync import exception
from reposync import reference as ref
from reposync import retry
from reposync.drivers.glance import errors as glance_errors
from reposync.sources import credentials
from reposync.sources import errors
from reposync.sources.oci.manifests import Descriptor
from reposync.sources.registry import links as registry_links
from reposync.sources.registry import ranges as registry_ranges
from reposync.sources.registry.authentication import (
    accounts as registry_accounts,
)
from reposync.sources.registry.authentication import (
    challenges as registry_challenges,
)
from reposync.sources.registry.authentication import (
    denials as registry_denials,
)
from reposync.sources.registry.authentication import (
    refusals as registry_refusals,
)
from reposync.sources.registry.authentication import tokens as registry_tokens
from reposync.sources.registry.transport import answers as registry_answers
from reposync.sources.registry.transport import hosts as registry_hosts
from reposync.sources.registry.transport import rate_limits
from reposync.sources.registry.transport import throttle
from reposync.sources.registry.transport.egress.addresses import Kind
from reposync.sources.registry.transport.redirects import Reply
from tests.fuzz import bounds
from tests.fuzz import message
from tests.fuzz.bounds import require
from tests.fuzz.bounds import Target

HOST = "r.example"
ENDPOINT = registry_hosts.Endpoint(HOST, f"https://{HOST}", False)
REFERENCE = ref.Reference.parse(f"{HOST}/team/app:1")
ACCOUNT = credentials.Credentials("user", bounds.SECRET, place="a file")
_DATE = "Sat, 28 Nov 2026 05:00:00 GMT"
_BLOB = Descriptor("x", f"sha256:{'0' * 64}", 5)


def _challenge_seeds() -> Iterator[bytes]:
    yield (
        b'Bearer realm="https://auth.example/token",service="r.example",'
        b'scope="repository:team/app:pull"\nBasic realm="a \\"b\\""'
    )
    yield b"bearer realm=http://r.example:5000/token, Basic realm=x, Negotiate"
    yield b'Basic realm="open, Bearer realm="https://a/token",error="x"'
    yield b"Negotiate YII==, NTLM, Digest qop=auth, nonce=abc,, Basic"


def _challenges(data: bytes) -> None:
    headers = data.decode("latin-1").split("\n")
    found = registry_challenges.read(headers)
    require(len(found) <= 40, "too many challenges")
    for each in found:
        require(each.scheme in ("basic", "bearer"), "a scheme", each)
        if each.scheme == "bearer":
            parts = urllib.parse.urlsplit(each.realm)
            require(parts.scheme in ("http", "https"), "a realm", each)
            require(parts.hostname, "a realm without a host", each)
            require(re.fullmatch("[!-~]+", each.realm), "a realm", each)
            require("@" not in parts.netloc, "an account", each)
            parts.port  # noqa: B018 (raises)
    denied = registry_denials.not_understood(ENDPOINT, REFERENCE, headers)
    bounds.check_text(denied.message)


def _token_seeds() -> Iterator[bytes]:
    issued = "2026-11-28T04:59:00.123456789Z"
    good = {"token": "abc.def", "expires_in": 300, "issued_at": issued}
    yield message.write(good, date=_DATE)
    yield message.write({"access_token": "x", "expires_in": "60"})
    yield message.write({"expires_in": 1e308, "token": "x" * 40}, date="x")
    denied = {"errors": [{"code": "DENIED", "message": "no"}]}
    yield message.write(denied, status=403, retry_after="5")
    oauth = {"error": "invalid_grant", "error_description": "x"}
    yield message.write(oauth, status=400)
    yield message.write(b"<html>", status=429, RateLimit_Reset=_DATE)


def _tokens(data: bytes) -> None:
    answer = message.answer(data)
    body = answer.read()
    if answer.status >= 300:
        limits = throttle.Governor(HOST, 1, 0)
        known = registry_accounts.Accounts()
        for account in (ACCOUNT, credentials.NONE):
            refused = registry_refusals.Refused(HOST, answer, body)
            _check_error(
                refused.judge(HOST, str(REFERENCE), account, known, limits)
            )
        return
    token = registry_tokens.read(HOST, body, answer.headers)
    require(re.fullmatch("[!-~]{1,32768}", token.value), "a token")
    require(0 < token.lifetime <= 3600, "a lifetime", token.lifetime)


def _header_seeds() -> Iterator[bytes]:
    yield message.write(
        link='</v2/_catalog?n=5&last=a%2Fb>; rel="next"',
        ratelimit_limit="100;w=21600",
        ratelimit_remaining="0;w=21600",
        retry_after="120",
        date=_DATE,
    )
    yield message.write(
        link="<https://[::1]:5000/v2/?last=x>",
        ratelimit='"default";r=0;t=1, "b";r=5;t=9',
        ratelimit_policy='"default";q=10;w=1',
        x_ms_retry_after_ms="500",
        retry_after="Sat, 28 Nov 2026 05:01:00 -0000",
    )
    yield message.write(
        link="<a?n=1>; rel=prev, <b?last=1>; rel='next last'",
        x_ratelimit_remaining="0",
        x_ratelimit_reset="1795442117",
        content_range="bytes 0-4/5",
        content_length="5",
        content_encoding="gzip",
        status="206",
    )


def _headers(data: bytes) -> None:
    answer = message.answer(data)
    headers = answer.headers
    query = registry_links.next_query(headers.get("link"), 500)
    if query is not None:
        _check_query(query)
    asked = rate_limits.retry_after(headers)
    require(asked is None or 0 <= asked <= retry.LONGEST_PAUSE, "a pause")
    found = rate_limits.budget(headers)
    if found is not None:
        bounds.check_text(str(found))
        require(0 <= found.pause <= retry.LONGEST_PAUSE, "a pause", found)
        for number in (found.limit, found.remaining, found.window):
            require(number is None or 0 <= number < 2**63, "a number", found)
    registry_answers.is_page(answer)
    opened = registry_ranges._begin(
        ENDPOINT, Reply(answer, HOST, HOST, False, Kind.PUBLIC), _BLOB, 3
    )
    require(opened is None or 0 <= opened.skip <= 3, "a part", opened)


def _check_query(query: str) -> None:
    require(re.fullmatch("[!-~]+", query), "a query", query)
    parts = urllib.parse.urlsplit(f"https://{HOST}/v2/a/tags/list?{query}")
    require(parts.path == "/v2/a/tags/list", "a path", parts)
    require(parts.query == query and not parts.fragment, "a query", parts)


def _error_seeds() -> Iterator[bytes]:
    words = {"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}
    yield message.write({"errors": [words]}, status=404)
    yield message.write({"error": "denied"}, status=403, retry_after="9")
    said = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>x"
    yield message.write(said + b"</Message></Error>", status=503)
    page = b"<html><head><title>502</title></head><body>no &lt;b&gt;</body>"
    yield message.write(page, status=502, content_type="text/html")
    said = b"see https://user:password@host/a?token=1 Bearer abcdefgh"
    yield message.write(said, status=401, retry_after=_DATE)
    long = b"<head>" * 20 + b"<" * 20
    yield message.write(long, status=500, content_encoding="gzip")


def _errors(data: bytes) -> None:
    code = message.answer(data, 500).status
    if code < 300:
        return
    limits = throttle.Governor(HOST, 1, 0)
    for promised, stored in ((True, False), (False, True), (False, False)):
        error = registry_answers.translate(
            message.answer(data, 500),
            str(REFERENCE),
            HOST,
            limits,
            promised=promised,
            stored=stored,
        )
        _check_error(error)
    said = registry_denials.said(HOST, message.answer(data, 500))
    denied = registry_denials.denied(ENDPOINT, REFERENCE, ACCOUNT, said)
    bounds.check_text(denied.message)
    _, body = message.read(data)
    bounds.check_text(errors.registry_text(body))
    _glance(data, code, body)


def _glance(data: bytes, code: int, body: bytes) -> None:
    """Let Glance, or what is before it, say the same."""
    answer = message.answer(data, 500)
    answer.status_code, answer.text = code, body.decode(errors="replace")
    for check in (
        lambda: glance_errors.check(answer),
        lambda: glance_errors.check_upload(answer, "id"),
    ):
        try:
            check()
        except exception.ReposyncError as error:
            _check_error(error)


def _check_error(error: Exception) -> None:
    bounds.check_text(str(error))
    asked = error.retry_after
    finite = asked is None or math.isfinite(asked)
    require(finite and (asked or 0) >= 0, "a pause", asked)


TARGETS = {
    "challenges": Target(_challenges, _challenge_seeds),
    "tokens": Target(_tokens, _token_seeds),
    "headers": Target(_headers, _header_seeds),
    "errors": Target(_errors, _error_seeds),
}
