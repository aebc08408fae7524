# SPDX-License-Identifier: Apache-2.0
"""Calls registries: the Registry HTTP API v2.

https://distribution.github.io/distribution/spec/api/ and
https://github.com/opencontainers/distribution-spec/blob/main/spec.md.
"""

from collections.abc import Callable
from collections.abc import Mapping
import contextlib
import dataclasses
from typing import TypeVar

from oslo_config import cfg
from oslo_log import log

from reposync import context
from reposync import exception
from reposync import reference as ref
from reposync import retry
from reposync.sources.registry import memory
from reposync.sources.registry.authentication import login as registry_auth
from reposync.sources.registry.transport import answers
from reposync.sources.registry.transport import hosts
from reposync.sources.registry.transport import redirects
from reposync.sources.registry.transport import throttle
from reposync.sources.registry.transport.egress import rules as egress

LOG = log.getLogger(__name__)

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """A request for something below a repository.

    :ivar path: such as ``manifests/latest``
    :ivar counted: whether registries count it as a pull
    :ivar promised: whether the registry has named it itself, so that it must
        be there
    """

    reference: ref.Reference
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    counted: bool = False
    promised: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether there is no plainer way to ask."""
        return self.method == "GET" and "Range" not in self.headers

    def leaves(self, status: int, *, stored: bool) -> bool:
        """Tell whether a refusal leaves another way to ask: a plain GET.

        :param stored: storage behind the registry refuses; its address may
            have expired, and the registry gives another one
        """
        if self.is_whole or retry.verdict(status) is not retry.Verdict.FINAL:
            return False
        if self.method == "HEAD":
            return status != 401
        return not (stored and status in (401, 403, 404))


class RegistryClient:
    """Sends requests until they are answered; one for all threads.

    :ivar governors: the limits of each host
    :ivar memory: what hosts do not do
    """

    def __init__(
        self, conf: cfg.ConfigOpts, network: egress.Network | None = None
    ):
        """Store the configuration; connect to nothing.

        :param network: see `hosts.Hosts`
        """
        self._conf = conf.registry
        self._hosts = hosts.Hosts(conf, network)
        self._redirects = redirects.Redirects(self._hosts)
        self.memory = memory.Memory()
        self.governors = throttle.Governors(
            self._conf.concurrency, self._conf.requests_per_second
        )
        self._auth = registry_auth.Authenticator(
            conf, self._hosts, self.governors
        )

    @property
    def attempts(self) -> int:
        """How often a request is sent that brings nothing."""
        return int(self._conf.attempts)

    @property
    def seconds(self) -> float:
        """How long a short answer may take."""
        return float(self._conf.read_timeout)

    def ask(
        self,
        reference: ref.Reference,
        question: Callable[[hosts.Endpoint, int], T],
        what: str = "",
    ) -> T:
        """Ask mirrors, and the registry itself in the end.

        Whatever goes wrong at a mirror, the next one is asked.

        :param question: asks one of them, so many times at the most
        :param what: a mirror that lacks it is left out
        :raises SourceError: the registry does not answer it either
        """
        *mirrors, own = self._hosts.places(reference.registry)
        for place in mirrors:
            if self.memory.lacks(place, memory.ANSWERS):
                continue
            try:
                mirror = self._hosts.endpoint(place, mirror=True)
                if not self.memory.lacks(mirror.name, what):
                    return question(mirror, 1)
            except exception.SourceError as error:
                LOG.info("The mirror %s: %s", place, error.message)
                if _is_away(error):
                    self.memory.note(place, memory.ANSWERS)
        return question(self._hosts.endpoint(own), self.attempts)

    def leave_mirrors(self, reference: ref.Reference, what: str) -> None:
        """Ask no mirror for something for a while."""
        for place in self._hosts.places(reference.registry)[:-1]:
            with contextlib.suppress(exception.SourceError):
                self.memory.note(self._hosts.endpoint(place).name, what)

    def fetch(
        self,
        wanted: Wanted,
        most: int,
        check: Callable[[bytes, hosts.Answer], T],
    ) -> tuple[T, hosts.Answer]:
        """Read something short, from whoever serves it.

        :param most: bytes it may have
        :param check: makes of it what is wanted, or raises: then the next
            host is asked
        :returns: that, and the answer for its headers
        :raises SourceError: nobody serves it
        """

        def read(reply: redirects.Reply) -> tuple[T, hosts.Answer]:
            body = self._body(wanted, reply, most)
            return check(body, reply.answer), reply.answer

        return self.ask(
            wanted.reference,
            lambda endpoint, attempts: self.insist(
                endpoint, wanted, attempts, read
            ),
        )

    def get(
        self,
        endpoint: hosts.Endpoint,
        wanted: Wanted,
        attempts: int,
        most: int,
    ) -> bytes:
        """Read something short from one host.

        :raises SourceError: it does not serve it
        """
        return self.insist(
            endpoint,
            wanted,
            attempts,
            lambda reply: self._body(wanted, reply, most),
        )

    def _body(
        self, wanted: Wanted, reply: redirects.Reply, most: int
    ) -> bytes:
        data = answers.read(reply.host, reply.answer, most, self.seconds)
        if len(data) > most:
            raise exception.ImageUnsupported(
                f"{wanted.reference} cannot be copied: {reply.host} sends "
                f"more than {most} bytes as {wanted.path}"
            )
        if answers.is_page(reply.answer) and data.lstrip()[:1] in (b"", b"<"):
            # Some registries call everything a page, so the body decides.
            raise answers.page(reply.host, wanted.reference, reply.asked)
        return data

    def insist(
        self,
        endpoint: hosts.Endpoint,
        wanted: Wanted,
        attempts: int,
        read: Callable[[redirects.Reply], T],
    ) -> T:
        """Send a request to one host until it is answered and read.

        :raises SourceError: see `once`
        """
        for attempt in range(1, attempts + 1):
            try:
                return read(self.once(endpoint, wanted))
            except (
                exception.SourceUnavailable,
                exception.RateLimited,
            ) as error:
                asked = error.retry_after or 0.0
                if attempt == attempts or not answers.at_once(error):
                    raise
                LOG.debug("%s; attempt %d", error.message, attempt)
                if isinstance(error, exception.SourceUnavailable):
                    context.sleep(max(asked, retry.request_delay(attempt)))
        raise AssertionError("there is at least one attempt")

    def once(
        self, endpoint: hosts.Endpoint, wanted: Wanted
    ) -> redirects.Reply:
        """Send a request to one host, once.

        :returns: an answer with a status below 300; where there is another
            way to ask, also one that says no
        :raises SourceError: it refuses
        :raises SourceUnavailable: it does not answer, or may do so later
        """
        limits = self.governors.of(endpoint.name)
        limits.wait_turn()
        if wanted.counted:
            limits.spend()
        reply = self._send(endpoint, wanted)
        limits.note(reply.answer.headers)
        status, name = reply.answer.status, str(wanted.reference)
        if status >= 300:
            stored = reply.moved and wanted.path.startswith("blobs/")
            if wanted.leaves(status, stored=stored):
                return reply
            raise answers.translate(
                reply.answer,
                name,
                reply.host,
                limits,
                promised=wanted.promised,
                stored=stored,
                moved=reply.moved,
                counted=wanted.counted,
            )
        limits.served(counted=wanted.counted)
        return reply

    def is_there(self, endpoint: hosts.Endpoint) -> bool:
        """Tell whether a host speaks the protocol at all."""
        reply = self._redirects.follow("GET", endpoint, "/v2/", {}, None)
        page = answers.is_page(reply.answer)
        answers.discard(reply.host, reply.answer)
        status = reply.answer.status
        return status == 401 or (status == 200 and not page)

    def _send(
        self, endpoint: hosts.Endpoint, wanted: Wanted
    ) -> redirects.Reply:
        reference, method = wanted.reference, wanted.method
        repository = endpoint.here(reference).repository
        path = f"/v2/{repository}/{wanted.path}"
        headers = dict(wanted.headers)
        return self._auth.send(
            endpoint,
            reference,
            lambda login: self._redirects.follow(
                method, endpoint, path, headers, login
            ),
        )


def _is_away(error: exception.SourceError) -> bool:
    """Tell whether a host did not answer at all."""
    return isinstance(error, exception.SourceUnavailable) and not isinstance(
        error, answers.Answered
    )
