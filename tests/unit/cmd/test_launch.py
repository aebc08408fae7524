# SPDX-License-Identifier: Apache-2.0
"""What a reload takes over, and what it refuses."""

from reposync import conf as reposync_conf
from reposync.cmd import launch
from tests.unit import base


class ReloadTest(base.TestCase):
    """A configuration file that changes."""

    def setUp(self):
        super().setUp()
        self.file = self.path / "reposync.conf"
        self.write("[conductor]\nmax_attempts = 3\nworkers = 2\n")
        self.conf(
            [], project="reposync", default_config_files=[str(self.file)]
        )
        self.reloadable = launch.Reloadable(self.conf)

    def write(self, text):
        self.file.write_text(text)

    def test_what_may_change_does(self):
        self.write("[conductor]\nmax_attempts = 4\nworkers = 9\n")
        self.reloadable.mutate_config_files()
        self.assertEqual(4, self.conf.conductor.max_attempts)
        self.assertEqual(2, self.conf.conductor.workers)
        self.assertIn(
            "Ignoring change to immutable option conductor.workers",
            self.log.output,
        )

    def test_a_file_that_is_not_good_changes_nothing(self):
        for text in (
            "[conductor]\nmax_attempts = many\nretry_delay = 99\n",
            "[conductor]\nmax_attempts = 0\nretry_delay = 99\n",
            "[conductor\nretry_delay = 99\n",
            "[conductor]\nlease = 9\nheartbeat = 9\nretry_delay = 99\n",
            "[DEFAULT]\ndebug = perhaps\n[conductor]\nretry_delay = 99\n",
        ):
            self.write(text)
            self.reloadable.mutate_config_files()
            self.assertEqual(3, self.conf.conductor.max_attempts)
            self.assertEqual(10, self.conf.conductor.retry_delay)
            self.assertFalse(self.conf.debug)
        self.assertEqual(5, self.log.output.count("was not reloaded"))

    def test_no_secret_may_change(self):
        """oslo.config writes old and new values into the log."""
        for _, options in reposync_conf.list_opts():
            for option in options:
                self.assertFalse(option.secret and option.mutable, option.name)


class ManageTest(base.TestCase):
    """The ages that ``reposync-manage db purge`` takes."""

    def test_days(self):
        from reposync.cmd import manage

        self.assertEqual(0.5, manage._days("0.5"))
        for text in ("-1", "nan", "inf", "week"):
            self.assertRaises(ValueError, manage._days, text)
