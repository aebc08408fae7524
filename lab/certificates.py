# SPDX-License-Identifier: Apache-2.0
"""Certificates for mutual TLS, made with openssl."""

from pathlib import Path

from lab import server

_NAMES = "subjectAltName=DNS:localhost,DNS:*.example.org,IP:127.0.0.1"


def make(directory: Path) -> None:
    """Make an authority and a certificate each for server and client.

    The client's files have the names that Docker's tools expect:
    ``ca.pem``, ``cert.pem``, ``key.pem``; the server's begin with
    ``server-``.
    """
    if (directory / "cert.pem").exists():
        return
    _openssl(
        directory,
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650"),
        *("-subj", "/CN=reposync lab", "-out", "ca.pem"),
        *("-keyout", "ca-key.pem"),
    )
    _sign(directory, "server-cert.pem", "server-key.pem", "serverAuth")
    _sign(directory, "cert.pem", "key.pem", "clientAuth")


def _sign(directory: Path, certificate: str, key: str, usage: str) -> None:
    _openssl(
        directory,
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"),
        *("-out", "request.pem", "-keyout", key),
    )
    (directory / "extensions").write_text(
        f"{_NAMES}\nextendedKeyUsage={usage}\n"
    )
    _openssl(
        directory,
        *("x509", "-req", "-in", "request.pem", "-days", "3650"),
        *("-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial"),
        *("-extfile", "extensions", "-out", certificate),
    )


def _openssl(directory: Path, *arguments: str) -> None:
    server.run(["openssl", *arguments], cwd=directory)
