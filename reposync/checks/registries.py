# SPDX-License-Identifier: Apache-2.0
"""What images are read from."""

from collections.abc import Iterator
import ipaddress
import urllib.parse

from oslo_config import cfg

from reposync.checks import addresses

#: This machine, and where the metadata of clouds are.
_INNER = tuple(
    map(
        ipaddress.ip_network,
        ("127.0.0.0/8", "0.0.0.0/8", "169.254.0.0/16", "::/127", "fe80::/10"),
    )
)


def registries(conf: cfg.ConfigOpts) -> Iterator[str]:
    """List the registries that need no certificate."""
    options = conf.registry
    if options.insecure:
        yield (
            f"[registry] insecure: {', '.join(options.insecure)} need no "
            "valid certificate: who is on the way reads passwords. Give them "
            "certificates, with ca_file, or leave out what is not used."
        )
    for option in ("insecure", "allowed_private_hosts"):
        if wide := [each for each in options[option] if _is_wide(each)]:
            yield (
                f"[registry] {option}: {', '.join(wide)} let any registry "
                "lead the service to every port of this machine, or to the "
                "metadata of its cloud. List hosts with their ports, such as "
                "localhost:5000."
            )
    for registry, mirrors in options.mirrors.items():
        for mirror in mirrors.split():
            if addresses.is_plain(mirror):
                host = urllib.parse.urlsplit(mirror).hostname
                yield (
                    f"[registry] mirrors: {host}, for {registry}, is asked "
                    "over plain HTTP: who is on the way sees what is "
                    "mirrored. Use https://."
                )


def _is_wide(entry: str) -> bool:
    """Tell whether an entry without a port lists what is innermost."""
    name = entry.strip().strip("[]").rstrip(".").lower()
    if name == "localhost":
        return True
    try:
        network = ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False
    return any(
        network.version == inner.version and network.overlaps(inner)
        for inner in _INNER
    )


def engine(conf: cfg.ConfigOpts) -> Iterator[str]:
    """Look at the way to the Docker engine."""
    options = conf.docker
    if conf.conductor.source != "docker":
        return
    url = urllib.parse.urlsplit(options.host)
    near = url.scheme in ("unix", "") or addresses.is_near(url.hostname)
    if not near and not options.tls_ca_file:
        yield (
            f"[docker] host: the engine of {url.hostname} is reached without "
            "verified TLS, and whoever reaches it is root there. Set "
            "tls_ca_file, tls_cert_file and tls_key_file."
        )
