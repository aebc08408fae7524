# SPDX-License-Identifier: Apache-2.0
"""Repositories: what is mirrored."""

from openstack import resource


class Repository(resource.Resource):
    """A line of the list, as ``GET /v1/repositories`` shows it."""

    resources_key = "repositories"
    base_path = "/v1/repositories"

    allow_list = True

    #: The line, in the short form; the marker of pages.
    id = resource.Body("id")
    #: Why a synchronisation cannot use the line, or why the last pull failed.
    error = resource.Body("error", type=dict)
    #: The image of the last pull that succeeded.
    image_id = resource.Body("image_id")
    #: Whether it stands for names that a webhook or a pull tells.
    is_pattern = resource.Body("pattern", type=bool)
    #: What the last pull that succeeded did to the catalogue.
    outcome = resource.Body("outcome")
    #: What a synchronisation pulls; None for a pattern or a bad line.
    reference = resource.Body("reference")
    #: Where its images are read from; None for the usual source.
    source = resource.Body("source")
    #: When the catalogue was last known to hold what the registry holds.
    synced_at = resource.Body("synced_at")
