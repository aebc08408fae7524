# SPDX-License-Identifier: Apache-2.0
"""TLS of the server."""

from asyncio import sslproto
from pathlib import Path
import ssl
from typing import Any

#: Bytes that asyncio sets aside for each connection, also for one that never
#: says a word; it would be 256 KiB.
_BUFFER = 16384


class BadCertificates(Exception):
    """The files cannot be used; the text says which options to mend."""


def make_context(options: Any) -> ssl.SSLContext:
    """Read the certificates that the options of ``[api]`` name.

    :raises BadCertificates: they cannot be used
    """
    for name in ("tls_cert_file", "tls_key_file", "tls_ca_file"):
        _try_file(name, options[name])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(
            options.tls_cert_file,
            options.tls_key_file,
            # Otherwise it is asked for on a terminal.
            password="",
        )
        if options.tls_ca_file:
            context.load_verify_locations(options.tls_ca_file)
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:
        raise BadCertificates(
            "[api] tls_cert_file, tls_key_file and tls_ca_file: one is "
            "no PEM, or the key belongs to another certificate "
            f"({error.strerror or error})"
        ) from error
    sslproto.SSLProtocol.max_size = _BUFFER
    return context


def _try_file(name: str, path: str | None) -> None:
    try:
        if path:
            Path(path).read_bytes()
    except OSError as error:
        raise BadCertificates(
            f"[api] {name} = {path} cannot be read: {error.strerror}"
        ) from error
