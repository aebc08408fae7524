# SPDX-License-Identifier: Apache-2.0
"""Options of the HTTP interface."""

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "api",
    title="API",
    help="""
The HTTP interface.  It runs under any WSGI server as
``reposync.wsgi.api:application``, or by itself as ``reposync-api``; the
options of addresses, threads and TLS are for the latter.
""",
)

OPTIONS = [
    cfg.StrOpt(
        "auth_strategy",
        default="keystone",
        choices=[
            ("keystone", "tokens of Keystone"),
            ("token", "one secret that all callers share"),
        ],
        help="How callers prove who they are, in ``X-Auth-Token``.",
    ),
    cfg.StrOpt(
        "token",
        secret=True,
        help="""
The secret of the strategy ``token``, at least 16 characters.  Make one with
``openssl rand -hex 32``.
""",
    ),
    cfg.StrOpt(
        "token_file",
        help="""
A file with the secret of the strategy ``token``, instead of ``token``.  Only
its owner may be able to read it.
""",
    ),
    cfg.HostAddressOpt(
        "bind_host", default="127.0.0.1", help="Address to listen on."
    ),
    cfg.PortOpt("bind_port", default=9877, help="Port to listen on."),
    cfg.IntOpt(
        "threads",
        default=16,
        min=2,
        help="""
How many requests a process of reposync-api serves at a time.  A request waits
for one of them only when all of it has come in.
""",
    ),
    cfg.IntOpt(
        "workers",
        default=1,
        min=1,
        help="Number of processes of reposync-api.",
    ),
    cfg.IntOpt(
        "timeout",
        default=30,
        min=1,
        help="""
Seconds a caller has for the handshake of TLS, then for the headers of a
request, for each piece of its body, and to read each piece of an answer.
Connections that are kept open between two requests are closed after it.
""",
    ),
    cfg.IntOpt(
        "request_timeout",
        default=60,
        min=1,
        help="""
Seconds in which the body of a request must have come in.  Slower ones are
answered with 408.  It limits the headers as well if it is shorter than
``timeout``.
""",
    ),
    cfg.StrOpt(
        "tls_cert_file",
        help="The server's certificate, with its chain; makes it speak TLS.",
    ),
    cfg.StrOpt("tls_key_file", help="The key of that certificate."),
    cfg.StrOpt(
        "tls_ca_file",
        help="""
Authorities for certificates of callers.  Where it is set, callers must show
one.
""",
    ),
    cfg.IntOpt(
        "max_limit",
        default=1000,
        min=1,
        mutable=True,
        help="The longest page of a list.",
    ),
    cfg.IntOpt(
        "max_waiting",
        default=1000,
        min=0,
        mutable=True,
        help="""
How many pulls and deletions that callers of one project asked for may wait;
0 for any number.  Who asks for one more is answered with 429, administrators,
too.  What webhooks tell and synchronisations, of which one of a project waits,
are not counted and never refused.
""",
    ),
    cfg.IntOpt(
        "max_streams",
        default=8,
        min=0,
        help="""
How many answers a process may stream at a time.  Each holds a thread until
its operation ends, so keep it well below the number of threads.  Who asks for
one more gets the plain answer: the operation's address.
""",
    ),
    cfg.FloatOpt(
        "stream_poll_interval",
        default=0.5,
        min=0.05,
        mutable=True,
        help="Seconds between two looks at an operation that is streamed.",
    ),
    cfg.FloatOpt(
        "stream_heartbeat",
        default=10,
        min=0.1,
        mutable=True,
        help="""
Seconds after which a space is sent on a stream that has nothing to tell.  It
keeps proxies from closing the connection, and notices callers that left.
""",
    ),
    cfg.IntOpt(
        "stream_timeout",
        default=3600,
        min=1,
        mutable=True,
        help="Seconds after which a stream ends, whatever its operation does.",
    ),
]
