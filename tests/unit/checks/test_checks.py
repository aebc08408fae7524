# SPDX-License-Identifier: Apache-2.0
"""Each check: what it finds, and what it does not."""

import os

import testscenarios

from reposync import checks
from reposync import policy
from reposync.db.connection import address
from tests.unit import base

#: Is in no sentence of any check.
SECRET = "the-secret-of-the-deployment"
CHECKS = dict(checks.ALL)
_FAR = "rabbit.example.org"
_RABBIT = "oslo_messaging_rabbit"
_BUS = f"rabbit://reposync:{SECRET}@{_FAR}:5671/reposync"
_DATABASE = f"//reposync:{SECRET}@db.example.org/reposync"
_LOGIN = {
    "auth_type": "password",
    "auth_url": "https://keystone.example.org/v3",
    "username": "reposync",
    "password": SECRET,
}
#: Not yet the default of each release of keystonemiddleware.
_IDENTITY = _LOGIN | {"service_token_roles_required": True}
#: Check, options by group, and a part of the sentence; None for a good one.
ROWS = (
    ("Message bus", {"DEFAULT": {"transport_url": _BUS}}, f"no TLS to {_FAR}"),
    ("Message bus",
     {"DEFAULT": {"transport_url": _BUS}, _RABBIT: {"ssl": True}},
     f"certificate of {_FAR} is not verified"),
    ("Message bus",
     {"DEFAULT": {"transport_url": _BUS},
      _RABBIT: {"ssl": True, "ssl_ca_file": "/ca"}}, None),
    # What the address says comes first.
    ("Message bus",
     {"DEFAULT": {"transport_url": f"{_BUS}?ssl=false"},
      _RABBIT: {"ssl": True, "ssl_ca_file": "/ca"}}, f"no TLS to {_FAR}"),
    ("Message bus",
     {"DEFAULT": {"transport_url": f"{_BUS}?ssl=true&ssl_ca_file=/ca"}}, None),
    ("Message bus",
     {"DEFAULT": {"transport_url": f"rabbit://a:{SECRET}@127.0.0.1/"}}, None),
    ("Message bus",
     {"DEFAULT": {"transport_url":
                  f"rabbit://a:{SECRET}@localhost,a:{SECRET}@{_FAR}/"}},
     f"no TLS to {_FAR}"),
    ("Message bus", {"DEFAULT": {"transport_url": "fake://"}}, None),
    ("Message bus",
     {"oslo_messaging_notifications":
      {"driver": ["messagingv2"], "transport_url": _BUS}},
     "[oslo_messaging_notifications] transport_url: no TLS"),
    ("Database", {"database": {"connection": f"postgresql:{_DATABASE}"}},
     "sslmode=verify-full"),
    ("Database",
     {"database": {"connection": f"postgresql:{_DATABASE}?sslmode=require"}},
     "the way to db.example.org"),
    ("Database",
     {"database":
      {"connection": f"postgresql:{_DATABASE}?sslmode=verify-full"}}, None),
    ("Database",
     {"database": {"connection": f"postgresql:{_DATABASE}",
                   "connection_parameters": "sslmode=verify-ca"}}, None),
    ("Database",
     {"database": {"connection": "postgresql:///reposync?host=/run/pg"}},
     None),
    ("Database",
     {"database":
      {"connection": "postgresql:///x?host=a.example:5432&host=b.example"}},
     "the way to a.example"),
    ("Database", {"database": {"connection": f"mysql+pymysql:{_DATABASE}"}},
     "ssl_ca=FILE"),
    ("Database",
     {"database": {"connection": f"mysql+pymysql:{_DATABASE}?ssl_ca=/ca"}},
     None),
    ("Database",
     {"database": {"connection": f"mysql+pymysql://u:{SECRET}@[::1]/x"}},
     None),
    ("Database", {"database": {"connection": "sqlite:////x"}}, None),
    ("Database", {"database": {"connection": "no address"}}, None),
    ("Keystone", {"keystone_authtoken": _IDENTITY}, None),
    ("Keystone", {"keystone_authtoken": _IDENTITY | {"insecure": True}},
     "[keystone_authtoken] insecure"),
    ("Keystone",
     {"keystone_authtoken":
      _IDENTITY | {"auth_url": "http://keystone.example.org/v3"}},
     "[keystone_authtoken] auth_url"),
    ("Keystone",
     {"keystone_authtoken": _IDENTITY | {"auth_url": "http://127.0.0.1/v3"}},
     None),
    ("Keystone",
     {"keystone_authtoken":
      _IDENTITY | {"memcached_servers": "cache.example.org:11211"}},
     "memcache_security_strategy"),
    ("Keystone",
     {"keystone_authtoken":
      _IDENTITY | {"memcached_servers": "127.0.0.1:11211,[::1]:11211"}}, None),
    ("Keystone",
     {"keystone_authtoken":
      _IDENTITY | {"service_token_roles_required": False}},
     "service_token_roles_required"),
    ("Keystone",
     {"api": {"auth_strategy": "token"},
      "keystone_authtoken": _IDENTITY | {"insecure": True}}, None),
    ("Catalogue", {"glance": _LOGIN}, None),
    ("Catalogue", {"glance": _LOGIN | {"insecure": True}},
     "[glance] insecure"),
    ("Catalogue",
     {"glance": _LOGIN | {"auth_url": "http://keystone.example.org"}},
     "[glance] auth_url"),
    ("Catalogue",
     {"glance": _LOGIN | {"endpoint_override": "http://glance.example.org"}},
     "[glance] endpoint_override"),
    ("Catalogue", {"conductor": {"driver": "opennebula"}}, None),
    ("Catalogue",
     {"conductor": {"driver": "opennebula"},
      "opennebula": {"endpoint": "http://one.example.org:2633/RPC2"}},
     "[opennebula] endpoint"),
    ("Catalogue",
     {"conductor": {"driver": "opennebula"}, "opennebula": {"insecure": True}},
     "[opennebula] insecure"),
    ("Registries", {"registry": {"insecure": ""}}, None),
    ("Registries", {"registry": {"insecure": "r.example.org,10.0.0.0/8"}},
     "r.example.org, 10.0.0.0/8 need no valid certificate"),
    ("Registries",
     {"registry": {"allowed_private_hosts":
                   "s.corp,10.0.0.0/8,localhost:5000,127.0.0.1:80"}}, None),
    *(("Registries", {"registry": {"allowed_private_hosts": entry}},
       f"[registry] allowed_private_hosts: {entry} let any registry")
      for entry in ("127.0.0.0/8", "localhost", "::1", "0.0.0.0/0", "::/0",
                    "169.254.169.254", "[fe80::1]")),
    ("Registries",
     {"registry":
      {"insecure": "",
       "mirrors": "docker.io=https://a.example http://b.example:5000/x"}},
     "b.example, for docker.io"),
    ("Docker engine", {"conductor": {"source": "docker"}}, None),
    ("Docker engine",
     {"conductor": {"source": "docker"},
      "docker": {"host": "tcp://engine.example.org:2375"}},
     "the engine of engine.example.org"),
    ("Docker engine",
     {"conductor": {"source": "docker"},
      "docker": {"host": "tcp://engine.example.org:2376",
                 "tls_ca_file": "/ca"}}, None),
    ("Docker engine",
     {"conductor": {"source": "registry"},
      "docker": {"host": "tcp://engine.example.org:2375"}}, None),
    ("Addresses of the API", {}, None),
    ("Addresses of the API", {"api": {"bind_host": "0.0.0.0"}},
     "listens on 0.0.0.0 without TLS"),
    ("Addresses of the API",
     {"api": {"bind_host": "::", "tls_cert_file": "/c",
              "tls_key_file": "/k"}}, None),
    ("Addresses of the API",
     {"api": {"bind_host": "::", "tls_cert_file": "/c", "tls_key_file": "/k"},
      "oslo_middleware": {"enable_proxy_headers_parsing": True}},
     "enable_proxy_headers_parsing"),
    ("Browsers", {"cors": {"allowed_origin": "https://ui.example.org"}}, None),
    ("Browsers", {"cors": {"allowed_origin": "*"}}, "[cors] allowed_origin"),
    ("Webhooks",
     {"notify": {"receivers": "a"}, "receiver:a": {"format": "gcr"}}, None),
    ("Webhooks",
     {"notify": {"receivers": "a"},
      "receiver:a": {"oidc_keys": "http://keys.example.org"}},
     "[receiver:a] oidc_keys"),
    ("Metrics", {"metrics": {"port": 9878}}, None),
    ("Metrics", {"metrics": {"port": 9878, "bind_host": "0.0.0.0"}},
     "[metrics] bind_host"),
    ("Debugging", {}, None),
    ("Debugging", {"DEFAULT": {"debug": True}}, "debug: "),
    ("Debugging", {"DEFAULT": {"publish_errors": True}}, "publish_errors: "),
    ("Secrets", {"api": {"auth_strategy": "token", "token": SECRET}}, None),
    ("Secrets", {"api": {"auth_strategy": "token", "token": "tooshort"}},
     "[api] token: shorter than 16"),
    ("Secrets", {"notify": {"tokens": f"{SECRET},tooshort"}},
     "[notify] tokens: shorter"),
    ("Secrets",
     {"notify": {"receivers": "a"}, "receiver:a": {"secret": "tooshort"}},
     "[receiver:a] secret: shorter"),
    ("Secrets",
     {"notify": {"receivers": "a"},
      "receiver:a": {"secret": "SECRET_OF_THE_HUB"}},
     "[receiver:a] secret: it is the one of the documentation"),
    ("Secrets",
     {"DEFAULT": {"transport_url": "rabbit://guest:guest@localhost/"}},
     "transport_url: it is the one of the documentation"),
    ("Secrets",
     {"database": {"connection": "postgresql://u:DATABASE_PASSWORD@h/x"}},
     "[database] connection: it is the one of the documentation"),
    ("Secrets", {"keystone_authtoken": _LOGIN | {"password": "tooshor"}},
     "[keystone_authtoken] password: the password has less"),
    ("Secrets", {"glance": _LOGIN | {"password": "KEYSTONE_PASSWORD"}},
     "[glance] password: it is the one"),
    ("Secrets", {"glance": _LOGIN, "keystone_authtoken": _LOGIN}, None),
    ("Limits", {}, None),
    ("Limits", {"api": {"max_waiting": 0}}, "[api] max_waiting"),
    ("Limits", {"registry": {"lowest_rate": 0}}, "[registry] lowest_rate"),
    ("Limits", {"conductor": {"retention": 0}}, "[conductor] retention"),
    ("Limits", {"oslo_middleware": {"max_request_body_size": 1 << 30}},
     "max_request_body_size"),
)  # fmt: skip


def text(options):
    """Write a configuration file."""
    lines = []
    for group, values in options.items():
        lines.append(f"[{group}]")
        for name, value in values.items():
            each = value if isinstance(value, list) else [value]
            lines += [f"{name} = {one}" for one in each]
    return "\n".join(lines) + "\n"


class CheckTest(testscenarios.WithScenarios, base.TestCase):
    """One row."""

    scenarios = [
        (
            f"{number:02} {name}",
            {"name": name, "options": options, "said": said},
        )
        for number, (name, options, said) in enumerate(ROWS)
    ]

    def test_row(self):
        file = self.path / "reposync.conf"
        file.write_text(text(self.options))
        self.conf([], project="reposync", default_config_files=[str(file)])
        found = list(CHECKS[self.name](self.conf))
        if self.said is None:
            self.assertEqual([], found)
            return
        [sentence] = found
        self.assertIn(self.said, sentence)
        self.assertTrue(sentence.endswith("."), sentence)
        for secret in (SECRET, "tooshor"):
            self.assertNotIn(secret, sentence)


class CompleteTest(base.TestCase):
    """No check is forgotten."""

    def test_each_finds_something(self):
        elsewhere = {"Files with secrets", "Policies"}
        found = {name for name, _, said in ROWS if said} | elsewhere
        self.assertEqual(set(CHECKS), found)

    def test_an_address_does_not_show_its_password(self):
        found = address.read(f"postgresql:{_DATABASE}")
        self.assertEqual(SECRET, found.password)
        self.assertNotIn(SECRET, repr(found))


class PolicyTest(base.TestCase):
    """Rules that let everybody in."""

    def found(self, line):
        file = self.path / "policy.yaml"
        file.write_text(f"{line}\n")
        # It knows the option by then.
        policy.Policy(self.conf)
        self.config(policy_file=str(file), group="oslo_policy")
        return list(CHECKS["Policies"](self.conf))

    def test_rules(self):
        for rule in ('"@"', '""'):
            [said] = self.found(f'"reposync:images:pull_unlisted": {rule}')
            self.assertIn("policy.yaml, reposync:images:pull_unlisted:", said)
        [said] = self.found('"reader": "@"')
        self.assertIn("policy.yaml, reader:", said)
        for rule in ('"rule:manager"', '"!"'):
            line = f'"reposync:images:pull_unlisted": {rule}'
            self.assertEqual([], self.found(line))


class FileTest(base.TestCase):
    """Files with secrets."""

    def setUp(self):
        super().setUp()
        self.file = self.path / "secret"
        self.file.write_text(SECRET)
        self.file.chmod(0o600)

    def found(self, **groups):
        for group, options in groups.items():
            self.config(**options, group=group)
        return list(CHECKS["Files with secrets"](self.conf))

    def test_who_may_read_or_change_it(self):
        self.config(auth_file=str(self.file), group="registry")
        own = os.getegid()
        for mode, group, said in (
            (0o600, own, None),
            (0o640, own, None),
            (0o640, own + 12345, "the group"),
            (0o644, own, "everybody on this host can read"),
            (0o620, own, "others can change"),
            (0o602, own, "others can change"),
        ):
            if group != own and os.geteuid() != 0:
                continue
            os.chown(self.file, -1, group)
            self.file.chmod(mode)
            found = self.found()
            if said is None:
                self.assertEqual([], found, oct(mode))
                continue
            [sentence] = found
            self.assertIn(f"[registry] auth_file: {said}", sentence)
            self.assertNotIn(SECRET, sentence)

    def test_of_another_account(self):
        if os.geteuid() != 0:
            self.skipTest("only root gives things away")
        os.chown(self.file, 65534, -1)
        [said] = self.found(registry={"auth_file": str(self.file)})
        self.assertIn("belongs to another account", said)

    def test_all_of_them(self):
        self.file.chmod(0o644)
        options = {
            "api": ("tls_key_file", "token_file"),
            "docker": ("tls_key_file",),
            "opennebula": ("auth_file",),
            "oslo_messaging_rabbit": ("ssl_key_file",),
            "registry": ("auth_file",),
        }
        for group, names in options.items():
            for name in names:
                values = {group: {name: str(self.file)}}
                [said] = self.found(**values)
                self.assertTrue(said.startswith(f"[{group}] {name}: "), said)
                self.conf.clear_override(name, group=group)
        address = f"sqlite:///{self.file}"
        [said] = self.found(database={"connection": address})
        self.assertTrue(said.startswith("[database] connection: "), said)

    def test_configuration_files(self):
        self.file.chmod(0o644)
        self.file.write_text("[api]\n")
        self.conf(
            [], project="reposync", default_config_files=[str(self.file)]
        )
        [said] = self.found()
        self.assertIn("configuration: everybody on this host", said)
        self.file.rename(self.path / "one.conf")
        self.conf(["--config-dir", str(self.path)], project="reposync",
                  default_config_files=[])  # fmt: skip
        [said] = self.found()
        self.assertIn("one.conf", said)

    def test_files_that_are_not_there(self):
        self.assertEqual([], self.found(registry={"auth_file": "/no/such"}))


class DirectoryTest(base.TestCase):
    """Directories that images are kept in, or pass."""

    def test_of_the_filesystem_driver_and_of_opennebula(self):
        for driver, more in (
            ("filesystem", {}),
            ("opennebula", {"path": "file"}),
        ):
            self.config(driver=driver, group="conductor")
            self.config(**more, directory=str(self.path), group=driver)
            for mode, said in (
                (0o750, None),
                (0o755, "everybody on this host can get at"),
                (0o770, "its group may write"),
            ):
                self.path.chmod(mode)
                found = list(CHECKS["Catalogue"](self.conf))
                if said is None:
                    self.assertEqual([], found)
                else:
                    [sentence] = found
                    self.assertIn(f"[{driver}] directory: ", sentence)
                    self.assertIn(said, sentence)
