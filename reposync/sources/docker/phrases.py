# SPDX-License-Identifier: Apache-2.0
"""What an engine says, taken apart.

It is a chain of clauses that colons join, the outermost first::

    failed to resolve reference "r.example.org/a:1": unexpected status from
    HEAD request to https://r.example.org/v2/a/manifests/1: 401 Unauthorized

Names, tags, digests, addresses and ports are among them, which strangers
choose.  So a registry's code counts only where it is a clause of its own, a
status only behind the words that announce one, and other words only in
phrases, as no name contains a blank.
"""

import re

#: Takes the place of everything that may be a name or an address.
NAME = "name"
_LONGEST = 16 * 1024
_PAGE = re.compile(r"<(?:!doctype|html|head|body|\?xml)\b.*", re.DOTALL)
_TOKEN = re.compile(r"[^\s\"'(),<>]+")
_STATUS = re.compile(
    r"\bstatus(?: code)?(?: from \w+ request to name| from registry| name)?"
    r"(?: \[[^\]]*\])?:? (\d{3})\b"
    r"|\bparsing http (\d{3}) response body"
)


class Said:
    """The words without the names.

    :ivar text: in lower case and one line, `NAME` where a name was
    :ivar clauses: between the colons
    :ivar statuses: of HTTP, that the engine was answered with
    :ivar page: whether it is a page for people and not what an engine says
    """

    def __init__(self, text: str, name: str):
        """Take a text apart.

        :param name: the reference it is about
        """
        lowered = text[:_LONGEST].lower()
        self.page = lowered.lstrip().startswith("<")
        plain = _TOKEN.sub(_without_name, _PAGE.sub("", lowered))
        self.text = " ".join(plain.split())
        self.clauses = {
            clause.strip(" \t\"'.") for clause in re.split(r":\s|:$|\n", plain)
        } - {re.split("[:@]", name.lower())[0]}
        self.statuses = {
            int(one or other) for one, other in _STATUS.findall(self.text)
        }


def _without_name(found: re.Match[str]) -> str:
    """Replace a reference, address, platform, media type or digest.

    The colon behind it joins clauses.
    """
    token = found[0]
    core = token.rstrip(":")
    if not any(sign in core for sign in "/@:"):
        return token
    return NAME + token[len(core) :]
