# SPDX-License-Identifier: Apache-2.0
"""How the documentation is built."""

from pathlib import Path
import sys
from typing import Any

_ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(_ROOT))

from tests.field import table  # noqa: E402 (found by the line above)

_TOOLS = _ROOT / "tools" / "config"

extensions = [
    "openstackdocstheme",
    "oslo_config.sphinxconfiggen",
    "oslo_config.sphinxext",
    "oslo_policy.sphinxext",
    "oslo_policy.sphinxpolicygen",
    "sphinx.ext.autodoc",
]

project = "reposync"
copyright = "The reposync developers"
html_theme = "openstackdocs"
html_static_path = ["_static"]
templates_path: list[str] = []
exclude_patterns: list[str] = []
pygments_style = "native"
show_authors = False

openstackdocs_auto_name = False
openstackdocs_auto_version = False
openstackdocs_repo_name = ""
openstackdocs_pdf_link = False

config_generator_config_file = str(_TOOLS / "reposync-config-generator.conf")
sample_config_basename = "_static/reposync"
policy_generator_config_file = str(_TOOLS / "reposync-policy-generator.conf")
sample_policy_basename = "_static/reposync"


def setup(app: Any) -> None:
    """Add the rows of the tests to the page about servers elsewhere."""

    def add(app: Any, page: str, source: list[str]) -> None:
        if page == "field":
            source[0] += "\n" + table.text()

    app.connect("source-read", add)
