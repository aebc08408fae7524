# SPDX-License-Identifier: Apache-2.0
"""Operations: what is and was done."""

from openstack import resource

#: States of operations that have ended.
FINISHED = ("succeeded", "failed", "cancelled")


class Operation(resource.Resource):
    """An operation, as ``GET /v1/operations`` shows it."""

    resource_key = "operation"
    resources_key = "operations"
    base_path = "/v1/operations"

    allow_fetch = True
    allow_list = True

    _query_mapping = resource.QueryParameters(
        "all_projects", "kind", "parent", "reference", "state"
    )

    #: How often it was begun.
    attempt = resource.Body("attempt", type=int)
    #: How often it is begun before it is given up.
    max_attempts = resource.Body("max_attempts", type=int)
    #: When it may begin again, if it failed before; UTC, ISO 8601.
    next_attempt_at = resource.Body("next_attempt_at")
    #: Whether the request that returned it met one that waited already.
    joined = False
    #: How many identical requests it serves beside the first one.
    coalesced = resource.Body("coalesced", type=int)
    #: Of a synchronisation: the number of its parts by outcome or state.
    counts = resource.Body("counts", type=dict)
    #: When it was asked for.
    created_at = resource.Body("created_at")
    #: Why it, or its last attempt, failed: ``code`` and ``message``.
    error = resource.Body("error", type=dict)
    #: When it ended.
    finished_at = resource.Body("finished_at")
    #: The image it made, or found unchanged.
    image = resource.Body("image", type=dict)
    #: The id of that image, or of the one it deletes.
    image_id = resource.Body("image_id")
    #: ``pull``, ``sync`` or ``delete``.
    kind = resource.Body("kind")
    #: ``created``, ``updated`` or ``unchanged``.
    outcome = resource.Body("outcome")
    #: The synchronisation it is part of.
    parent_id = resource.Body("parent_id")
    #: ``phase``, ``bytes`` and ``total``.
    progress = resource.Body("progress", type=dict)
    #: The project that asked for it.
    project_id = resource.Body("project_id")
    #: The image in the registry, in the short form with the tag.
    reference = resource.Body("reference")
    #: The request that asked for it, as the log has it.
    request_id = resource.Body("request_id")
    #: When it was begun.
    started_at = resource.Body("started_at")
    #: ``queued``, ``running``, ``succeeded``, ``failed``, ``cancelled``.
    state = resource.Body("state")
    #: When it changed last.
    updated_at = resource.Body("updated_at")
    #: The user who asked for it.
    user_id = resource.Body("user_id")

    @property
    def is_finished(self) -> bool:
        """Tell whether it has ended."""
        return self.state in FINISHED
