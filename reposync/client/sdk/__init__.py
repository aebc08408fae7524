# SPDX-License-Identifier: Apache-2.0
"""reposync for openstacksdk.

::

    conn = openstack.connect(cloud="mycloud")
    sdk.register(conn)
    operation = conn.reposync.pull_image("busybox")
    print(conn.reposync.wait_for_operation(operation).outcome)
"""

from typing import Any

from openstack import service_description

from reposync.client.sdk import proxy

#: The type in Keystone's catalogue, unless a site chose another.
SERVICE_TYPE = "image-sync"

#: The attribute of the connection, whatever the type is.
ALIAS = "reposync"


class ImageSyncService(service_description.ServiceDescription[proxy.Proxy]):
    """The service, as ``extra_services`` of a connection takes it."""

    supported_versions = {"1": proxy.Proxy}
    aliases = [ALIAS]


def register(
    conn: Any, service_type: str = SERVICE_TYPE, endpoint: str | None = None
) -> proxy.Proxy:
    """Give a connection the attribute ``reposync``.

    :param conn: an ``openstack.connection.Connection``
    :param service_type: the type in the catalogue
    :param endpoint: address of the API, instead of the catalogue's
    :returns: what the attribute holds
    """
    if endpoint:
        conn.config.set_service_value(
            "endpoint_override", service_type, endpoint
        )
    conn.add_service(ImageSyncService(service_type))
    found: proxy.Proxy = getattr(conn, ALIAS)
    return found
