# SPDX-License-Identifier: Apache-2.0
"""The tables."""

from typing import Any

from oslo_db.sqlalchemy import types
from sqlalchemy import BigInteger
from sqlalchemy import Boolean
from sqlalchemy import ForeignKey
from sqlalchemy import Index
from sqlalchemy import orm
from sqlalchemy import String
from sqlalchemy import Text
from sqlalchemy import UniqueConstraint

#: Kinds of operations.
KINDS = ("pull", "sync", "delete")
#: States of operations that have not ended, and of those that have.
UNFINISHED = ("queued", "running")
FINISHED = ("succeeded", "failed", "cancelled")
STATES = UNFINISHED + FINISHED
#: What a pull did to the catalogue.
OUTCOMES = ("created", "updated", "unchanged")

Column = orm.mapped_column


class Base(orm.DeclarativeBase):
    """The root of all tables."""

    __table_args__: Any = {
        "mysql_engine": "InnoDB",
        "mysql_charset": "utf8mb4",
    }


class Operation(Base):
    """One unit of work; the row is the queue and the truth about it.

    Times are milliseconds since the epoch by the database's clock.

    ``image_key`` stands for the image and catalogue the operation works on.
    ``pending_key`` is set only while it waits, and unique: identical
    requests of one project meet in one row.  ``running_key`` is set only
    while it runs, and unique: two conductors never work on the same image.
    ``attempt`` grows with every claim; together with ``owner`` it fences
    writes of a conductor that lost its lease.
    Those of one ``lane`` take turns with the other lanes as one.  It is empty
    in what processes of an older release write.
    A sync that waits for its children is running and has no owner.
    A webhook brings ``settle_until``: until then the registry may be behind
    what it told, which is ``announced_digest`` where it told one.
    """

    __tablename__ = "operations"
    __table_args__ = (
        UniqueConstraint("pending_key", name="uq_operations_pending_key"),
        UniqueConstraint("running_key", name="uq_operations_running_key"),
        Index("ix_operations_queue", "state", "not_before", "created_at"),
        Index("ix_operations_lane", "state", "lane", "not_before"),
        Index("ix_operations_project", "project_id", "created_at"),
        Index("ix_operations_parent", "parent_id", "state"),
        Index("ix_operations_created", "created_at"),
        Base.__table_args__,
    )

    id: orm.Mapped[str] = Column(String(36), primary_key=True)
    kind: orm.Mapped[str] = Column(String(16))
    state: orm.Mapped[str] = Column(String(16))
    reference: orm.Mapped[str | None] = Column(String(512))
    image_id: orm.Mapped[str | None] = Column(String(255))
    image_key: orm.Mapped[str] = Column(String(64))
    pending_key: orm.Mapped[str | None] = Column(String(64))
    running_key: orm.Mapped[str | None] = Column(String(64))
    outcome: orm.Mapped[str | None] = Column(String(16))
    image: orm.Mapped[dict[str, Any] | None] = Column(
        types.JsonEncodedDict, nullable=True
    )
    lane: orm.Mapped[str] = Column(String(32), default="", server_default="")
    attempt: orm.Mapped[int] = Column(default=0)
    phase: orm.Mapped[str | None] = Column(String(16))
    bytes_done: orm.Mapped[int] = Column(BigInteger, default=0)
    bytes_total: orm.Mapped[int | None] = Column(BigInteger)
    error_code: orm.Mapped[str | None] = Column(String(64))
    error_message: orm.Mapped[str | None] = Column(Text)
    owner: orm.Mapped[str | None] = Column(String(255))
    lease_until: orm.Mapped[int | None] = Column(BigInteger)
    not_before: orm.Mapped[int] = Column(BigInteger)
    announced_digest: orm.Mapped[str | None] = Column(String(160))
    settle_until: orm.Mapped[int | None] = Column(BigInteger)
    coalesced: orm.Mapped[int] = Column(default=0)
    cancel_requested: orm.Mapped[bool] = Column(Boolean, default=False)
    project_id: orm.Mapped[str | None] = Column(String(64))
    user_id: orm.Mapped[str | None] = Column(String(64))
    request_id: orm.Mapped[str | None] = Column(String(64))
    parent_id: orm.Mapped[str | None] = Column(
        ForeignKey("operations.id", ondelete="CASCADE")
    )
    created_at: orm.Mapped[int] = Column(BigInteger)
    started_at: orm.Mapped[int | None] = Column(BigInteger)
    finished_at: orm.Mapped[int | None] = Column(BigInteger)
    updated_at: orm.Mapped[int] = Column(BigInteger)

    @property
    def finished(self) -> bool:
        """Tell whether the operation has ended."""
        return self.state in FINISHED


class Trace(Base):
    """Something that an attempt has begun, written down before it was made.

    If the attempt dies, it has to be removed.  The operation may have been
    purged by then, so this is no foreign key.

    ``place`` is where it is: ``catalogue``, or the name of a source; ``host``
    the only one that reaches it, or None.  ``owner`` and ``attempt`` are those
    of the operation when it was begun.
    """

    __tablename__ = "traces"
    __table_args__ = (
        Index("ix_traces_image", "image_key"),
        Index("ix_traces_operation", "operation_id", "attempt"),
        Base.__table_args__,
    )

    id: orm.Mapped[str] = Column(String(36), primary_key=True)
    operation_id: orm.Mapped[str] = Column(String(36))
    attempt: orm.Mapped[int]
    owner: orm.Mapped[str] = Column(String(255))
    image_key: orm.Mapped[str] = Column(String(64))
    place: orm.Mapped[str] = Column(String(64))
    host: orm.Mapped[str | None] = Column(String(255))
    name: orm.Mapped[str] = Column(String(1024))
    created_at: orm.Mapped[int] = Column(BigInteger)


class Delivery(Base):
    """An event of a webhook that was accepted; it may be delivered again.

    ``key`` stands for the receiver, the id of the delivery and the event.
    ``operation_id`` is the operation that serves it.  It may have been purged
    by now, so this is no foreign key.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_created", "created_at"),
        Base.__table_args__,
    )

    key: orm.Mapped[str] = Column(String(64), primary_key=True)
    operation_id: orm.Mapped[str | None] = Column(String(36))
    created_at: orm.Mapped[int] = Column(BigInteger)


class Callback(Base):
    """Somebody who is to be told how an operation ended.

    ``attempt`` grows with every try, and ``not_before`` is when the next one
    may begin: whoever moves them makes the call.
    """

    __tablename__ = "callbacks"
    __table_args__ = (
        Index("ix_callbacks_operation", "operation_id"),
        Index("ix_callbacks_due", "not_before"),
        Base.__table_args__,
    )

    id: orm.Mapped[str] = Column(String(36), primary_key=True)
    operation_id: orm.Mapped[str] = Column(
        ForeignKey("operations.id", ondelete="CASCADE")
    )
    url: orm.Mapped[str] = Column(String(1024))
    attempt: orm.Mapped[int] = Column(default=0)
    not_before: orm.Mapped[int] = Column(BigInteger)


class Deployment(Base):
    """The only row names the deployment: those who share the database."""

    __tablename__ = "deployment"

    id: orm.Mapped[str] = Column(String(32), primary_key=True)


class Conductor(Base):
    """A conductor's last sign of life, by the database's clock.

    ``problems`` has a sentence by the name of what the conductor lacks.
    """

    __tablename__ = "conductors"

    id: orm.Mapped[str] = Column(String(255), primary_key=True)
    host: orm.Mapped[str] = Column(String(255))
    started_at: orm.Mapped[int] = Column(BigInteger)
    seen_at: orm.Mapped[int] = Column(BigInteger)
    stopped: orm.Mapped[bool] = Column(Boolean, default=False)
    problems: orm.Mapped[dict[str, Any] | None] = Column(
        types.JsonEncodedDict, nullable=True
    )


class Tally(Base):
    """How many events of webhooks came to what.

    ``receiver`` is empty for names that no receiver has.
    """

    __tablename__ = "webhook_tallies"

    receiver: orm.Mapped[str] = Column(String(64), primary_key=True)
    result: orm.Mapped[str] = Column(String(32), primary_key=True)
    number: orm.Mapped[int] = Column(BigInteger)
