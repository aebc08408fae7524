# SPDX-License-Identifier: Apache-2.0
"""How the documentation is built."""

from pathlib import Path

_TOOLS = Path(__file__).parents[2] / "tools" / "config"

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
