# SPDX-License-Identifier: Apache-2.0
"""How the API reference is built."""

import json
from pathlib import Path

from reposync.api.openapi import document

_GENERATED = Path(__file__).parent / "_generated"
_GENERATED.mkdir(exist_ok=True)
(_GENERATED / "openapi.json").write_text(
    json.dumps(document.DOCUMENT, indent=2), encoding="utf-8"
)

extensions = ["openstackdocstheme", "os_api_ref"]

project = "reposync API reference"
copyright = "The reposync developers"
html_theme = "openstackdocs"
html_theme_options = {"sidebar_mode": "toc"}
pygments_style = "native"
show_authors = False

openstackdocs_auto_name = False
openstackdocs_auto_version = False
openstackdocs_repo_name = ""
openstackdocs_pdf_link = False
