# SPDX-License-Identifier: Apache-2.0
"""The name by which a deployment knows its own messages.

It is in the database, which is what a deployment shares: API and conductors
need no option for it, and two deployments cannot have the same by mistake.
"""

import uuid

import sqlalchemy as sa
from sqlalchemy import orm

from reposync.db.connection import session as db_session
from reposync.db.models import Deployment


def identity(db: db_session.Database) -> str:
    """Read the name: 32 hexadecimal digits.

    :raises DatabaseUnavailable: it cannot be read
    """
    statement = sa.select(sa.func.min(Deployment.id))
    found = db.read(lambda session: session.scalar(statement))
    return found or renew(db)


def renew(db: db_session.Database) -> str:
    """Give the deployment another name, as a copied database needs one.

    :raises DatabaseUnavailable: nothing was changed
    """
    made = uuid.uuid4().hex

    def work(session: orm.Session) -> None:
        session.execute(sa.delete(Deployment))
        session.add(Deployment(id=made))

    db.write(work)
    return made
