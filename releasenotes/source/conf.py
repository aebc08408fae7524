# SPDX-License-Identifier: Apache-2.0
"""How the release notes are built."""

extensions = ["openstackdocstheme", "reno.sphinxext"]

project = "reposync release notes"
copyright = "The reposync developers"
html_theme = "openstackdocs"
pygments_style = "native"
show_authors = False

# Release notes are not of one version.
version = ""
release = ""
openstackdocs_auto_name = False
openstackdocs_auto_version = False
openstackdocs_repo_name = ""
openstackdocs_pdf_link = False
