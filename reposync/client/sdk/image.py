# SPDX-License-Identifier: Apache-2.0
"""Images of the catalogue."""

from openstack import resource


class Image(resource.Resource):
    """An image, as ``GET /v1/images`` shows it."""

    resource_key = "image"
    resources_key = "images"
    base_path = "/v1/images"

    allow_fetch = True
    allow_list = True

    _query_mapping = resource.QueryParameters("filter", "type")

    #: The architecture, such as ``x86_64``.
    architecture = resource.Body("architecture")
    #: When the image was made in the catalogue.
    created_at = resource.Body("created_at")
    #: The distribution, from a label of the image.
    distribution = resource.Body("distribution")
    #: The digest the tag pointed at when the image was read.
    docker_digest = resource.Body("docker_digest")
    #: The digest of the image configuration.
    docker_id = resource.Body("docker_id")
    #: The repository without the tag, in the short form.
    docker_name = resource.Body("docker_name")
    #: The tag.
    docker_tag = resource.Body("docker_tag")
    #: The operating system, from a label of the image.
    os = resource.Body("os")
    #: Bytes stored.
    size = resource.Body("size", type=int)
    #: The state of the image; ``active`` is usable.
    status = resource.Body("status")
    #: ``docker`` or ``vm``.
    type = resource.Body("type")
    #: When the entry of the catalogue was changed last.
    updated_at = resource.Body("updated_at")
    #: The version of the distribution, from a label of the image.
    version = resource.Body("version")
