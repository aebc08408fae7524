# SPDX-License-Identifier: Apache-2.0
"""What an engine's words stand for.

The texts are those of engines 20.10 and 28.5 in front of docker-registry,
those that Docker Hub and others are known to send, and those in the sources
of moby, containerd and Podman.
"""

import testtools

from reposync import exception
from reposync.sources import errors
from reposync.sources.docker import errors as docker_errors

GONE = exception.ReferenceNotFound
DENIED = exception.RegistryDenied
LIMITED = exception.RateLimited
PLATFORM = exception.PlatformNotFound
UNSUPPORTED = exception.ImageUnsupported
FULL = exception.SourceDiskFull
AWAY = exception.SourceUnavailable
REFUSED = exception.SourceError

_HEAD = "unexpected status from HEAD request to https://r.example.org/v2/a"
_LOOKUP = "dial tcp: lookup r.example.org on 10.4.0.4:53: no such host"
_RESOLVE = 'failed to resolve reference "r.example.org/a/b:404": '
_BLOB = "https://r.example.org/v2/a/blobs/sha256:ab404c401d429e"
_INDEX = "unable to create manifests file: NotFound: content digest"
TEXTS = (
    # Not there.
    ("manifest unknown: manifest unknown", GONE),
    ("manifest for h:5/a:x not found: manifest unknown: manifest unknown",
     GONE),
    ("repository h:5/a not found: name unknown: repository name not known "
     "to registry", GONE),
    ("error from registry: manifest unknown", GONE),
    ("reading manifest 1 in h:5/a: manifest unknown", GONE),
    ("unknown: artifact library/hello-world:1 not found", GONE),
    ("pull access denied for a, repository does not exist or may require "
     "'docker login': denied: requested access to the resource is denied",
     GONE),
    (_RESOLVE + "r.example.org/a/b:404: not found", GONE),
    # Access.
    ('Head "http://h:5/v2/a/manifests/x": no basic auth credentials', DENIED),
    ("unauthorized: authentication required", DENIED),
    ("denied: requested access to the resource is denied", DENIED),
    ("errors:\ndenied: requested access to the resource is denied\n"
     "unauthorized: authentication required\n", DENIED),
    ("unauthorized: incorrect username or password", DENIED),
    ("denied: Your authorization token has expired. Reauthenticate and try "
     "again.", DENIED),
    (_RESOLVE + "pull access denied, repository does not exist or may require "
     "authorization: authorization failed: no basic auth credentials",
     DENIED),
    (_RESOLVE + f"{_HEAD}/manifests/1: 401 Unauthorized", DENIED),
    (_RESOLVE + "failed to authorize: failed to fetch oauth token: "
     "unexpected status from POST request to https://a/token: 401 "
     "Unauthorized", DENIED),
    (_RESOLVE + f"{_HEAD}/manifests/1: 403 Forbidden", DENIED),
    ("pulling from host registry-1.docker.io failed with status code "
     "[manifests latest]: 401 Unauthorized", DENIED),
    ("error parsing HTTP 403 response body: invalid character '<' looking "
     'for beginning of value: "<html>502</html>"', DENIED),
    ("Requesting bearer token: invalid status code from registry 403 "
     "(Forbidden)", DENIED),
    ("denied: access forbidden", DENIED),
    ("error pulling image configuration: download failed after attempts=1: "
     "denied: no", DENIED),
    ("unknown: failed to copy: httpReadSeeker: failed open: unexpected "
     f"status from GET request to {_BLOB}: 403 Forbidden", DENIED),
    ('Head "https://h/v2/a/manifests/401": denied: no account', DENIED),
    # Limits.
    ("toomanyrequests: You have reached your pull rate limit.", LIMITED),
    ("error from registry: You have reached your unauthenticated pull rate "
     "limit. https://www.docker.com/increase-rate-limit", LIMITED),
    (_RESOLVE + f"{_HEAD}/manifests/1: 429 Too Many Requests", LIMITED),
    ("toomanyrequests: Rate exceeded", LIMITED),
    ("httpReadSeeker: failed open: unexpected status code "
     f"{_BLOB}: 429 Too Many Requests", LIMITED),
    # Platforms.
    ("no matching manifest for linux/s390x in the manifest list entries",
     PLATFORM),
    ("no matching manifest for linux/arm64/v8 in the manifest list entries: "
     "no match for platform in manifest: not found", PLATFORM),
    ("no match for platform in manifest sha256:ab404c: not found", PLATFORM),
    ("image with reference a:1 was found but does not match the specified "
     "platform: wanted linux/arm64, actual: linux/amd64", PLATFORM),
    ("image with reference a:1 was found but its platform (linux/amd64) does "
     "not match the specified platform (linux/arm64)", PLATFORM),
    ("image with reference a:1 was found but does not provide the specified "
     "platform (linux/arm64)", PLATFORM),
    ('image operating system "windows" cannot be used on this platform: '
     "operating system is not supported", PLATFORM),
    ('cannot download image with operating system "windows" when requesting '
     '"linux"', PLATFORM),
    ("choosing an image from manifest list docker://a:1: no image found in "
     'manifest list for architecture "s390x", OS "linux"', PLATFORM),
    # Formats.
    ("Docker Image Format v1 and Docker Image manifest version 2, schema 1 "
     "support has been removed. Suggest the author of h/a:1 to upgrade the "
     "image to the OCI Format or Docker Image manifest v2, schema 2. More "
     "information at https://docs.docker.com/go/deprecated-image-specs/",
     UNSUPPORTED),
    ("[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest "
     "version 2, schema 1 support is disabled by default and will be removed "
     "in an upcoming release.", UNSUPPORTED),
    ("not implemented: media type \"application/vnd.docker.distribution."
     "manifest.v1+prettyjws\" is no longer supported since containerd v2.1, "
     "please rebuild the image", UNSUPPORTED),
    ("unsupported media type application/vnd.cncf.helm.config.v1+json",
     UNSUPPORTED),
    ('Encountered remote "application/vnd.cncf.helm.config.v1+json"(unknown) '
     "when fetching", UNSUPPORTED),
    ("layers from manifest don't match image configuration", UNSUPPORTED),
    # The engine itself.
    ("write /var/lib/docker/tmp/x: no space left on device", FULL),
    ("failed to extract layer sha256:ab404c: failed to apply: write "
     "/var/lib/x: disk quota exceeded: unknown", FULL),
    ("page not found", REFUSED),
    ("Path /v1.41/distribution/h:5/a:1/json is not supported", REFUSED),
    ("client version 1.41 is too old. Minimum supported API version is 1.44, "
     "please upgrade your client to a newer version", REFUSED),
    ("client version 1.52 is too new. Maximum supported API version is 1.41",
     REFUSED),
    ("<html><body><h1>403 Forbidden</h1>\nRequest forbidden by "
     "administrative rules.\n</body></html>", REFUSED),
    (f"{_INDEX} sha256:ab404c: not found", docker_errors.Incomplete),
    # What may be over the next time.
    ('Get "http://h:1/v2/": dial tcp 127.0.0.1:1: connect: connection '
     "refused", AWAY),
    (f"unexpected status code {_BLOB}: 502 Bad Gateway", AWAY),
    (f"unexpected status code {_BLOB}: 502 Bad Gateway - Server message: "
     "unknown: not found 404", AWAY),
    ("dial tcp 10.0.4.3:5403: connect: connection refused", AWAY),
    ('Get "https://r.example.org/v2/a/manifests/build-20240404": context '
     "deadline exceeded", AWAY),
    ("received unexpected HTTP status: 503 Service Unavailable", AWAY),
    (_RESOLVE + 'failed to do request: Head "https://r.example.org/v2/a/'
     'denied/manifests/401": ' + _LOOKUP, AWAY),
    ('Get "https://r.example.org/v2/": ' + _LOOKUP, AWAY),
    ('Get "https://r/v2/": x509: certificate signed by unknown authority',
     AWAY),
    ('Get "https://r/v2/": tls: failed to verify certificate: x509: '
     "certificate is valid for unauthorized.example.org, not r", AWAY),
    ('Get "https://r/v2/": http: server gave HTTP response to HTTPS client',
     AWAY),
    ('Get "https://r/v2/": net/http: TLS handshake timeout', AWAY),
    ('Get "https://r/v2/": proxyconnect tcp: dial tcp 10.4.0.1:3128: '
     "connect: connection refused", AWAY),
    ('Get "https://r/v2/": Proxy Authentication Required', AWAY),
    ('Get "https://r/v2/": EOF', AWAY),
    ("failed to copy: httpReadSeeker: failed open: unexpected EOF", AWAY),
    ("read tcp 10.4.0.3:40404->10.4.0.4:443: read: connection reset by peer",
     AWAY),
    ('Get "https://r/v2/": net/http: request canceled while waiting for '
     "connection (Client.Timeout exceeded while awaiting headers)", AWAY),
    ("filesystem layer verification failed for digest sha256:ab404c", AWAY),
    ("failed to prepare extraction snapshot \"extract-404 sha256:ab\": parent "
     "snapshot sha256:401 does not exist: not found", AWAY),
    ("unknown: 404 page not found", AWAY),
    ("unknown: <html>404 not found</html>", AWAY),
    ("error parsing HTTP 404 response body: invalid character '<' looking "
     'for beginning of value: "<html>404 not found</html>"', AWAY),
    (_RESOLVE + f"{_HEAD}/manifests/1: 404 Not Found", AWAY),
    ("unknown: failed to copy: httpReadSeeker: failed open: unexpected "
     f"status from GET request to {_BLOB}: 502 Bad Gateway", AWAY),
    ("failed to copy: httpReadSeeker: failed open: could not fetch content "
     "descriptor sha256:ab404c (application/vnd.oci.image.config.v1+json) "
     "from remote: not found", AWAY),
    ("failed to copy: httpReadSeeker: failed open: content at "
     f"{_BLOB} not found: not found", AWAY),
    ("error pulling image configuration: download failed after attempts=6: "
     "unexpected EOF", AWAY),
    ("error pulling image configuration: download failed after attempts=1: "
     "unknown blob", AWAY),
    ("error unmarshalling content: invalid character '<' looking for "
     "beginning of value", AWAY),
    (_RESOLVE + "failed to authorize: failed to fetch anonymous token: Get "
     '"https://a/token?scope=repository%3Aa%3Apull": tls: failed to verify '
     "certificate: x509: certificate signed by unknown authority", AWAY),
    (_RESOLVE + 'failed to do request: Head "https://h/v2/a": tls: first '
     "record does not look like a TLS handshake", AWAY),
    ("No such image: a:1", AWAY),
    ("unknown blob", AWAY),
    ("something new", AWAY),
    ("", AWAY),
)  # fmt: skip
#: Names that look like errors.
NAMES = (
    "denied",
    "denied:404",
    "team/unauthorized:401",
    "r.example.org:5403/a/notfound:manifest-unknown",
    "toomanyrequests:429",
    "rate-limit/name-unknown:1",
    "not-found.example.org/a:1",
)
TROUBLES = (
    "failed to resolve reference \"{0}\": failed to do request: Head "
    "\"https://h/v2/{0}\": dial tcp 10.0.4.3:5403: i/o timeout",
    "Get \"https://h/v2/{0}/manifests/x\": net/http: timeout",
    "pulling {0}: unexpected EOF",
    "unexpected status code https://h/v2/{0}: 500 Internal Server Error",
    "{0}: read: connection reset by peer",
)  # fmt: skip


class TranslateTest(testtools.TestCase):
    """Kinds, texts and times."""

    def test_kinds(self):
        for text, kind in TEXTS:
            error = docker_errors.translate(text, "a:x", "linux/amd64")
            found = type(error)
            if found is errors.PerhapsNotFound:
                found = GONE
            self.assertIs(kind, found, f"{text}: {error}")
            own = (AWAY, LIMITED, FULL, docker_errors.Incomplete)
            self.assertEqual(kind in own, error.retryable, text)

    def test_names_are_no_errors(self):
        for name in NAMES:
            for trouble in TROUBLES:
                error = docker_errors.translate(trouble.format(name), name)
                self.assertIs(AWAY, type(error), str(error))

    def test_only_a_registry_is_certain(self):
        for text, certain in (
            ("manifest unknown: manifest unknown", True),
            ("name unknown: repository name not known to registry", True),
            ("unknown: repository library/a not found", True),
            (_RESOLVE + "r.example.org/a/b:404: not found", False),
            ("pull access denied for a, repository does not exist or may "
             "require 'docker login': denied: no", False),
        ):  # fmt: skip
            error = docker_errors.translate(text, "a:x")
            found = GONE if certain else errors.PerhapsNotFound
            self.assertIs(found, type(error), text)

    def test_a_status_of_the_engine_itself(self):
        for status, kind in (
            (401, DENIED),
            (403, DENIED),
            (404, AWAY),
            (405, REFUSED),
            (429, LIMITED),
            (500, AWAY),
            (501, REFUSED),
        ):
            error = docker_errors.translate("?", "a:x", status=status)
            self.assertIs(kind, type(error), str(status))

    def test_a_rate_limit_has_its_time(self):
        for text, seconds in (
            ("toomanyrequests: retry-after: 30", 30),
            ("Too Many Requests, try again in 5 min", 300),
            ("toomanyrequests: slow down", 900),
        ):
            error = docker_errors.translate(text, "a:x")
            self.assertEqual(seconds, error.retry_after)
            self.assertRegex(error.message, r"Next attempt at 20\d\d-")

    def test_no_secret_is_passed_on(self):
        text = 'Get "https://user:pass@h/v2/?token=abc": EOF\nx' + "y" * 999
        error = docker_errors.translate(text, "a:x")
        for secret in ("pass", "abc", "\n"):
            self.assertNotIn(secret, error.message)
        self.assertLess(len(error.message), 400)

    def test_a_long_text_costs_little(self):
        for text in ("a:" * 500_000, "<" * 999_999, "status code " * 99_999):
            error = docker_errors.translate(text, "a:x")
            self.assertLess(len(error.message), 500)
