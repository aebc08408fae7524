# SPDX-License-Identifier: Apache-2.0
"""Options of a receiver of webhooks.

The group of the sample has the name ``receiver:name``; the real ones are
registered when their names are known.
"""

from oslo_config import cfg

_HELP = """
A receiver of webhooks at ``/v1/notify/NAME``, one group for each name in
``[notify] receivers``.
"""

GROUP = cfg.OptGroup("receiver:name", title="Receiver", help=_HELP)

OPTIONS = [
    cfg.StrOpt(
        "format",
        help="""
What the registry sends: ``dockerhub``, ``harbor``, ``quay``,
``distribution`` (docker-registry, GitLab), ``zot``, ``github`` (and Gitea,
Forgejo), ``acr``, ``gcr``, ``artifactory``, ``nexus``, ``ecr``, ``aliyun``,
``generic``, or what a package has added to ``reposync.webhooks``.
""",
    ),
    cfg.MultiStrOpt(
        "secret",
        default=[],
        secret=True,
        help="""
The secret, at least 16 characters: what the header or the query must hold,
the key of an HMAC, or ``USER:PASSWORD``.  A user or a scheme in front of it,
such as ``Bearer``, does not count.  May be given more than once: all of
them are accepted, so that a secret can be changed without losing events.
""",
    ),
    cfg.StrOpt(
        "auth",
        choices=[
            ("query", "the secret in ``?token=``"),
            ("header", "the secret is the value of ``auth_header``"),
            ("basic", "``Authorization: Basic`` with ``USER:PASSWORD``"),
            ("hmac-sha1", "HMAC of the body in ``auth_header``, in hex"),
            ("hmac-sha256", "likewise"),
            ("hmac-sha512", "likewise"),
            ("oidc", "a token of an OpenID provider, such as Google's"),
        ],
        help="How a caller proves who it is; the format's own way by default.",
    ),
    cfg.StrOpt(
        "auth_header",
        help="""
The header of ``header`` and ``hmac-...``; the format's own by default.
""",
    ),
    cfg.StrOpt(
        "registry",
        help="""
The registry the events are about, as conductors reach it: a host, with its
port if it has one.  Instead of what the body says, which behind a proxy may
be an internal name.  ``nexus`` needs it: its bodies name no host.
""",
    ),
    cfg.StrOpt(
        "project_id",
        help="""
Project that the operations belong to and that may see them.  By default they
belong to none, and only administrators see them.
""",
    ),
    cfg.StrOpt(
        "oidc_audience",
        help="The audience that ``oidc`` tokens must be for.",
    ),
    cfg.StrOpt(
        "oidc_email",
        help="""
The e-mail address of the account that ``oidc`` tokens must belong to.
""",
    ),
    cfg.ListOpt(
        "oidc_issuers",
        default=["https://accounts.google.com", "accounts.google.com"],
        help="Who may have issued them.",
    ),
    cfg.URIOpt(
        "oidc_keys",
        default="https://www.googleapis.com/oauth2/v3/certs",
        schemes=["https", "http"],
        help="Where the keys of the issuer are.",
    ),
]


def register(conf: cfg.ConfigOpts, name: str) -> str:
    """Register the options of one receiver; returns its group."""
    group = cfg.OptGroup(f"receiver:{name}", help=_HELP)
    conf.register_group(group)
    conf.register_opts(OPTIONS, group=group)
    return str(group.name)
