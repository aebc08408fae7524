# SPDX-License-Identifier: Apache-2.0
"""Says why a registry lets nobody in."""

import re

from reposync import exception
from reposync import reference as ref
from reposync.sources import credentials
from reposync.sources import errors
from reposync.sources.registry.transport import answers
from reposync.sources.registry.transport import hosts

_LONGEST_TEXT = 64 * 1024
#: How long the text of an error may take; the error stands without it.
_TEXT_SECONDS = 10.0


def said(host: str, answer: hosts.Answer) -> str:
    """Read a refusal, so that its connection lives; give its words."""
    try:
        data = answers.read(host, answer, _LONGEST_TEXT, _TEXT_SECONDS)
    except exception.SourceUnavailable:
        data = b""
    text = errors.registry_text(data) or errors.phrase(answer.status)
    return f"{answer.status}: {text}"


def denied(
    endpoint: hosts.Endpoint,
    reference: ref.Reference,
    account: credentials.Credentials,
    said: str,
) -> exception.RegistryDenied:
    """Say that a registry refuses access.

    :param said: its own words
    """
    host, said = endpoint.host, errors.shorten(said)
    if account == credentials.NONE:
        return exception.RegistryDenied(
            f"{host} refuses access to {reference} without an account "
            f"({said}). Give credentials for it in [registry] auth_file"
        )
    return exception.RegistryDenied(
        f"{host} does not let the account {account.user} of {account.place} "
        f"read {reference} ({said})"
    )


def not_understood(
    endpoint: hosts.Endpoint, reference: ref.Reference, headers: list[str]
) -> exception.RegistryDenied:
    """Say that none of a registry's challenges can be answered."""
    shown = re.sub(r"[^ -~]+", "?", errors.shorten(", ".join(headers)))
    return exception.RegistryDenied(
        f"{endpoint.host} wants a login for {reference} and names no way "
        f"that works here (WWW-Authenticate: {shown or 'none'})"
    )
