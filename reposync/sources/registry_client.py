# SPDX-License-Identifier: Apache-2.0
"""Calls registries: the Registry HTTP API v2.

https://distribution.github.io/distribution/spec/api/ and
https://github.com/opencontainers/distribution-spec/blob/main/spec.md.
"""

from collections.abc import Mapping
import dataclasses
import random
import time
import urllib.parse

from oslo_config import cfg
from oslo_log import log
import urllib3

from reposync import exception
from reposync import reference as ref
from reposync.sources import errors
from reposync.sources import governor
from reposync.sources import registry_auth
from reposync.sources import registry_hosts as hosts
from reposync.sources import registry_realms as realms

LOG = log.getLogger(__name__)

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_MAY_PASS = (408, 500, 502, 503, 504)
_FIRST_DELAY = 0.25
_LONGEST_TEXT = 64 * 1024


@dataclasses.dataclass(frozen=True, slots=True)
class _Reply:
    """An answer.

    :ivar moved: whether a redirect led away from the registry
    """

    answer: hosts.Answer
    moved: bool


class RegistryClient:
    """Sends requests until they are answered; one for all threads.

    :ivar governors: the limits of each host
    """

    def __init__(self, conf: cfg.ConfigOpts):
        """Store the configuration; connect to nothing."""
        self._conf = conf.registry
        self._hosts = hosts.Hosts(conf)
        self.governors = governor.Governors(
            self._conf.concurrency, self._conf.requests_per_second
        )
        self._auth = registry_auth.Authenticator(
            conf, self._hosts, self.governors
        )

    def open(
        self,
        reference: ref.Reference,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        counted: bool = False,
    ) -> hosts.Answer:
        """Ask for something below a repository; the caller closes it.

        Mirrors are asked first; whatever goes wrong there, the registry
        itself is asked in the end.

        :param path: such as ``manifests/latest``
        :param counted: whether registries count it as a pull
        :returns: an answer with a status below 300 whose body is unread
        :raises SourceError: there is none
        """
        *mirrors, own = self._hosts.endpoints(reference.registry)
        sent = dict(headers or {})
        for mirror in mirrors:
            try:
                return self._insist(
                    mirror, reference, method, path, sent, counted
                )
            except exception.SourceError as error:
                LOG.info("The mirror %s: %s", mirror.name, error.message)
        return self._insist(own, reference, method, path, sent, counted)

    def delay(self, attempt: int) -> float:
        """Give the seconds to wait after a failed attempt."""
        longest = min(_FIRST_DELAY * 2.0**attempt, governor.PATIENCE)
        return random.uniform(longest / 2, longest)  # noqa: S311

    def _insist(
        self,
        endpoint: hosts.Endpoint,
        reference: ref.Reference,
        method: str,
        path: str,
        headers: Mapping[str, str],
        counted: bool,
    ) -> hosts.Answer:
        limits = self.governors.of(endpoint.name)
        for attempt in range(1, self._conf.attempts + 1):
            limits.wait_turn()
            if counted:
                limits.spend()
            try:
                answer = self._send(endpoint, reference, method, path, headers)
                limits.note(answer.headers)
                if answer.status < 300:
                    return answer
                raise self._translate(answer, str(reference), limits)
            except (
                exception.SourceUnavailable,
                exception.RateLimited,
            ) as error:
                asked = error.retry_after or 0.0
                if attempt == self._conf.attempts or asked > governor.PATIENCE:
                    raise
                LOG.debug("%s; attempt %d", error.message, attempt)
                if isinstance(error, exception.SourceUnavailable):
                    time.sleep(max(asked, self.delay(attempt)))
        raise AssertionError("there is at least one attempt")

    def _send(
        self,
        endpoint: hosts.Endpoint,
        reference: ref.Reference,
        method: str,
        path: str,
        headers: Mapping[str, str],
    ) -> hosts.Answer:
        url = f"{endpoint.url}/v2/{reference.repository}/{path}"
        return self._auth.send(
            endpoint,
            reference,
            lambda login: self._follow(method, url, headers, login),
        ).answer

    def _follow(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        authorization: str | None,
    ) -> _Reply:
        moved = False
        for _ in range(_MOST_REDIRECTS):
            sent = dict(headers)
            if authorization:
                sent["Authorization"] = authorization
            answer = self._hosts.send(method, url, sent)
            place = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not place:
                return _Reply(answer, moved)
            discard(answer)
            target = urllib.parse.urljoin(url, place)
            if not realms.is_same(url, target):
                # Storage behind a registry has no business with its login.
                moved, authorization = True, None
            self._refuse_plain(url, target)
            url = target
        raise exception.SourceUnavailable(
            f"{_origin(url)[1]} redirects without end"
        )

    def _refuse_plain(self, url: str, target: str) -> None:
        scheme, host = _origin(target)
        plain = scheme == "http" and not self._hosts.is_insecure(host)
        if scheme not in ("http", "https") or plain:
            raise exception.SourceError(
                f"{_origin(url)[1]} redirects to {scheme}://{host}, which is "
                "refused: it is not https. If that is wanted, add the host "
                "to [registry] insecure"
            )

    def _translate(
        self, answer: hosts.Answer, name: str, limits: governor.Governor
    ) -> exception.SourceError:
        said = f"{answer.status}: {_text(answer)}"
        asked = _retry_after(answer)
        if answer.status == 429:
            spent = limits.budget is not None and not limits.budget.remaining
            unknown = governor.PAUSE if spent else governor.PATIENCE
            pause = asked or unknown
            limits.pause(pause, said)
            return errors.rate_limited(said, pause)
        if answer.status in _MAY_PASS:
            return exception.SourceUnavailable(
                f"The registry could not serve {name}: {said}",
                retry_after=asked,
            )
        if answer.status == 404:
            return errors.not_found(name, said)
        if answer.status in (401, 403):
            return errors.denied(name, said)
        if answer.status == 416:
            return exception.ArchiveDamaged(
                f"The registry has less of a blob of {name} than its "
                "manifest says"
            )
        return exception.SourceError(
            f"The registry refuses to serve {name}: {said}"
        )


def discard(answer: hosts.Answer) -> None:
    """Read what is left of a short answer, so that its connection lives."""
    try:
        answer.read(_LONGEST_TEXT)
    except hosts.BROKEN:
        LOG.debug("An answer broke off that nobody wanted to read")
    answer.close()


def _text(answer: hosts.Answer) -> str:
    """Give a registry's own words, from its errors as JSON or as they are."""
    try:
        data = answer.read(_LONGEST_TEXT)
    except hosts.BROKEN:
        data = b""
    answer.close()
    return errors.registry_text(data) or answer.reason or "no reason given"


def _retry_after(answer: hosts.Answer) -> float | None:
    text = answer.headers.get("retry-after")
    if not text:
        return None
    try:
        return float(urllib3.Retry().parse_retry_after(text))
    except urllib3.exceptions.InvalidHeader:
        return None


def _origin(url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.netloc
