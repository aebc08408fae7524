# SPDX-License-Identifier: Apache-2.0
"""No value of a template gets out of its quotes."""

import hypothesis
from hypothesis import strategies
from lxml import etree
import testtools

from reposync import reference as ref
from reposync.drivers.opennebula import image as one_image
from reposync.drivers.opennebula.xmlrpc import template
from reposync.sources import base as source
from tests.fixtures import one_cloud
from tests.fixtures import one_template
from tests.fixtures import one_xml

#: Mostly of what means something to a scanner.
ANYTHING = strategies.one_of(
    strategies.text(),
    strategies.text(alphabet="\"\\\n\r\t []<>=,#]{}&'aPATH\x00\x1b\u2028é😀"),
    strategies.sampled_from(
        (
            'x"\nPATH="/etc/passwd',
            'x\\"\nPATH="/etc/passwd',
            "x\\",
            "x\\\\",
            "a]]>b",
            "]]]]>>",
            '"',
            '\\"',
            "[A=1]",
            "# no comment",
            "]]></OS><PATH>/etc/passwd</PATH><OS><![CDATA[",
        )
    ),
)
PREFIX = "eu.indigo-datacloud."
#: A loaded machine is no fault of a template.
UNHURRIED = hypothesis.settings(
    database=None,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
REFERENCE = ref.Reference.parse("team/app:1.0")


class TemplateTest(testtools.TestCase):
    """What is written is read back by the rules of OpenNebula."""

    @UNHURRIED
    @hypothesis.given(
        strategies.dictionaries(strategies.sampled_from("ABCDE"), ANYTHING)
    )
    def test_values_come_back_and_no_other_attribute(self, attributes):
        found = one_template.parse(template.render(attributes))
        # An empty value is left out; one of mere blanks is empty.
        expected = {
            key: template.clean(value)
            for key, value in attributes.items()
            if value
        }
        self.assertEqual(expected, found)

    @UNHURRIED
    @hypothesis.given(strategies.text(alphabet='abc"[]=,#<>{}\\', min_size=1))
    def test_values_are_whole(self, value):
        if value.endswith("\\") or "]]>" in value:
            return
        [found] = one_template.parse(template.render({"A": value})).values()
        self.assertEqual(value, found)

    @UNHURRIED
    @hypothesis.given(strategies.tuples(*[ANYTHING] * 4))
    def test_labels_stay_in_their_attributes(self, labels):
        names = ("type", "architecture", "distribution", "version")
        resolved = source.ResolvedImage(
            REFERENCE,
            "sha256:0",
            "linux/amd64",
            labels={
                PREFIX + name: label
                for name, label in zip(names, labels, strict=True)
            },
        )
        text = template.render(
            {"NAME": "n"}
            | one_image.attributes(REFERENCE, resolved)
            | {"PATH": "docker://team/app:1.0"}
        )
        cloud = one_cloud.Cloud([one_cloud.Named(100, "onedock")])
        number = cloud.allocate(cloud.oneadmin, text, 100)
        shown = etree.fromstring(one_xml.image(cloud.images[number]))
        record = one_image.read(shown)
        self.assertEqual(
            ("n", "docker://team/app:1.0", "oneadmin"),
            (record.name, record.path, record.owner),
        )
        self.assertLessEqual(
            set(record.attributes),
            {
                "DESCRIPTION",
                "DEV_PREFIX",
                "DISTRIBUTION",
                "DIST_VERSION",
                "DOCKER_DIGEST",
                "DOCKER_NAME",
                "DOCKER_PLATFORM",
                "DOCKER_TAG",
                "HW_ARCHITECTURE",
                "OS",
                "REPOSYNC_MANAGED",
                "REPOSYNC_STAGE",
            },
        )

    def test_keys_are_plain(self):
        for key in ("A B", "a", "A=", "Ä", "A\n", ""):
            self.assertRaises(ValueError, template.render, {key: "x"})
