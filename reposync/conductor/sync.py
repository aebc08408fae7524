# SPDX-License-Identifier: Apache-2.0
"""Begins a synchronisation: one pull for each repository on the list."""

import dataclasses

from oslo_config import cfg
from oslo_log import log

from reposync import exception
from reposync import keys
from reposync import repositories
from reposync.conductor import job as conductor_job
from reposync.db import operations
from reposync.db import session as db_session
from reposync.db import trees

LOG = log.getLogger(__name__)


def begin(
    conf: cfg.ConfigOpts, db: db_session.Database, job: conductor_job.Job
) -> None:
    """Write down the parts, and leave the rest to them.

    What an attempt that died wrote down before is not written again.  A line
    of the list that is no name becomes a part that failed.

    :raises RepositoriesUnreadable: there is no list
    :raises OperationCancelled: somebody cancelled it; its parts, too
    """
    listed = repositories.RepositoryList.load(conf.repositories.file)
    request = operations.Request(
        kind="pull",
        image_key="",
        project_id=job.operation.project_id,
        user_id=job.operation.user_id,
        request_id=job.operation.request_id,
        parent_id=job.operation.id,
    )
    known = trees.children(db, job.operation.id)
    for line in listed.bad_lines:
        if line.text[:512] not in known:
            _add_bad_line(conf, db, request, line)
    for reference in listed.references():
        if str(reference) in known:
            continue
        job.check()
        operations.submit(
            db,
            dataclasses.replace(
                request,
                image_key=keys.pull_key(conf, reference),
                reference=str(reference),
            ),
        )
    trees.leave_to_children(db, job.lease)
    trees.settle(db)


def _add_bad_line(
    conf: cfg.ConfigOpts,
    db: db_session.Database,
    request: operations.Request,
    line: repositories.BadLine,
) -> None:
    message = f"Line {line.number} of {conf.repositories.file}: {line.reason}"
    LOG.warning("%s", message)
    failed = dataclasses.replace(
        request, image_key=keys.sync_key(conf), reference=line.text[:512]
    )
    trees.add_failed(db, failed, exception.InvalidReference(message))
