# SPDX-License-Identifier: Apache-2.0
"""Lists of tags, page by page."""

import json

import testscenarios
import testtools

from reposync.sources.registry import links as registry_links
from tests.unit.sources import registry_case

LIST = "/v2/team/app/tags/list"


class LinkTest(testscenarios.WithScenarios, testtools.TestCase):
    """Where the next page is."""

    scenarios = [
        (str(header), {"header": header, "query": query})
        for header, query in (
            (None, None),
            ("", None),
            (f'<{LIST}?last=b&n=2>; rel="next"', "last=b&n=2"),
            (f"<https://r/x{LIST}?n=2&last=b>; rel=next", "n=2&last=b"),
            (f"<{LIST}?last=b&n=2>;rel='Next'", "last=b&n=2"),
            (f'<{LIST}?last=b>; rel="next"', "n=9&last=b"),
            (f"<{LIST}?last=b&n=2>", "last=b&n=2"),
            (f'<{LIST}?next_page=x&n=2>; rel="next"', "next_page=x&n=2"),
            (
                f'<{LIST}?n=2>; rel="first", <{LIST}?n=2&last=b>; rel="next"',
                "n=2&last=b",
            ),
            (f'<{LIST}?n=2&last=b>; title="x"; rel="prev next"', "n=2&last=b"),
            (f'<{LIST}?n=2&last=b>; rel="prev"', None),
            (f'<{LIST}>; rel="next"', None),
            ("<https://example.org/manual>", None),
            ("no link at all", None),
        )
    ]

    def test_it_is_found(self):
        self.assertEqual(self.query, registry_links.next_query(self.header, 9))


class TagsTest(registry_case.RegistryCase):
    """Pages of tags."""

    def tags(self, answers):
        def page(handler):
            place, _, query = handler.path.partition("?")
            if place != LIST:
                return None
            tags, link = answers(query)
            headers = {"Link": link} if link else {}
            return handler.say(
                200, json.dumps({"tags": tags}).encode(), **headers
            )

        self.registry.fault = page
        return list(self.source.tags(self.reference))

    def test_two_pages(self):
        found = self.tags(
            lambda query: (
                (["b"], None)
                if "last=a" in query
                else (["a"], f'<{LIST}?last=a&n=1>; rel="next"')
            )
        )
        self.assertEqual(["a", "b"], found)

    def test_a_page_that_names_itself_next(self):
        found = self.tags(
            lambda query: (["a"], f'<{LIST}?{query}>; rel="next"')
        )
        self.assertEqual(["a"], found)

    def test_pages_in_a_ring(self):
        found = self.tags(
            lambda query: (
                (["b"], f'<{LIST}?n=500>; rel="next"')
                if "last=a" in query
                else (["a"], f'<{LIST}?last=a&n=1>; rel="next"')
            )
        )
        self.assertEqual(["a", "b"], found)

    def test_no_tags(self):
        self.assertEqual([], self.tags(lambda _: (None, None)))
