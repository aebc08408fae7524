# SPDX-License-Identifier: Apache-2.0
"""Reads where the next page of a list is (RFC 8288)."""

import re
import urllib.parse

#: What a query may have (RFC 3986, section 3.4); the rest is encoded.
_QUERY = "!$%&'()*+,;=:@/?~"
_LINK = re.compile(r"<([^<>]{1,4000})>([^<]*)")
_REL = re.compile(r"""\brel\s*=\s*("[^"]*"|'[^']*'|[^\s;,"']+)""", re.I)


def next_query(header: str | None, size: int) -> str | None:
    """Find the query of the next page.

    Its path and host are those of the page before, whatever a proxy made of
    them in the header.

    :param header: ``Link``; without ``rel`` it counts if it stands alone and
        has the word of the pages of registries
    :param size: of a page, if the link names none
    :returns: None if there is no other page
    """
    links = _LINK.findall((header or "")[:16_000])
    for target, parameters in links:
        found = _REL.search(parameters)
        relations = found[1].strip("\"'").lower().split() if found else []
        if "next" in relations or (not found and len(links) == 1):
            query = _query(target)
            values = dict(urllib.parse.parse_qsl(query))
            if not values:
                return None
            if not found and "last" not in values:
                return None
            return query if "n" in values else f"n={size}&{query}"
    return None


def _query(target: str) -> str:
    """Give the query of an address, whatever is before it."""
    text = target.partition("#")[0].partition("?")[2].strip()
    # Headers come as Latin-1, whatever they are.
    return urllib.parse.quote(text, safe=_QUERY, encoding="latin-1")
