"""Changes of a running order: the rows, and what a change does once its money is here.

The terms signed at the award stay as they are. What both sides agreed to later stands in addenda, each with a hash
of its own and the hash it follows: the first one that of the terms, each next one that of the addendum before.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    LargeBinary,
    Select,
    Text,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    select,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.actor import Actor
from market.kit import ids
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to, db
from market.kit.states import move
from market.kit.wire import Question, adopt, ask, rows_of
from market.kit.work import cancel_timers
from market.orders import events
from market.orders.models import Milestone, Order
from market.orders.telling import tell
from market.orders.terms import hash_of
from market.payments import checkouts

DUE = "orders.change_due"


class ChangeState(StrEnum):
    OPEN = "open"
    AGREED = "agreed"  # by both; its money is not in escrow yet
    IN_FORCE = "in_force"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"  # by a later version
    EXPIRED = "expired"  # nobody answered, or paid, in time
    OVERTAKEN = "overtaken"  # its stage ended or went into a case


C = ChangeState
CHANGE_MOVES = {
    C.OPEN: {C.AGREED, C.DECLINED, C.WITHDRAWN, C.REPLACED, C.EXPIRED, C.OVERTAKEN},
    C.AGREED: {C.IN_FORCE, C.EXPIRED, C.OVERTAKEN},
}
LIVE = (C.OPEN, C.AGREED)
IS_LIVE = sql("order_changes.state IN ('open', 'agreed')")
"""LIVE in the words of the index: were the states parameters, a prepared statement could not use it."""


class Change(Row, Base):
    """One version of a proposal. What it says never changes: a counter-proposal is a row with the next version."""

    __tablename__ = "order_changes"

    order_id: Mapped[UUID] = belongs_to("orders", index=False)
    version: Mapped[int]
    """Counts all proposals of the order."""
    milestone_id: Mapped[UUID] = belongs_to("milestones", index=False)
    proposed_by: Mapped[UUID] = belongs_to("parties", index=False)
    text: Mapped[str] = mapped_column(Text)
    added_fen: Mapped[int] = mapped_column(BigInteger)
    added_days: Mapped[int]
    from_wallet: Mapped[bool]
    """The merchant who proposed it lets his wallet pay when the other side agrees."""
    state: Mapped[ChangeState] = mapped_column(default=ChangeState.OPEN)
    due_at: Mapped[datetime]
    """Until then the other side may answer; once it has agreed, the merchant may pay."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was declined."""
    agreed_by: Mapped[UUID | None]
    agreed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("order_id", "version"),
        CheckConstraint("added_fen >= 0", name="added"),
        CheckConstraint("added_days >= 0", name="days"),
        CheckConstraint("state NOT IN ('agreed', 'in_force') OR agreed_by IS NOT NULL", name="agreed"),
        Index(
            "uq_order_changes_live",
            "order_id",
            unique=True,
            postgresql_where=sql("state IN ('open', 'agreed')"),
        ),
    )

    @property
    def is_open(self) -> bool:
        return self.state is ChangeState.OPEN

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    def stage(self, order: Order) -> Milestone:
        return next(m for m in order.milestones if m.id == self.milestone_id)

    def go(self, state: ChangeState) -> None:
        self.state = move(self.state, state, CHANGE_MOVES)
        if state not in LIVE:
            self.ended_at = now()

    def agree(self, by: Actor, due_at: datetime) -> None:
        self.agreed_by, self.agreed_at, self.due_at = by.party_id, now(), due_at
        self.go(ChangeState.AGREED)


Order.live_change = relationship(
    Change,
    primaryjoin=and_(Change.order_id == Order.id, Change.state.in_(LIVE)),
    foreign_keys=Change.order_id,
    uselist=False,
    viewonly=True,
)


class Addendum(Row, Base):
    """What a change made of the order. Rows never change (a trigger refuses it)."""

    __tablename__ = "order_addenda"

    order_id: Mapped[UUID] = belongs_to("orders", index=False)
    change_id: Mapped[UUID] = belongs_to("order_changes", unique=True, index=False)
    number: Mapped[int]
    says: Mapped[dict[str, Any]]
    follows: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("order_id", "number"), UniqueConstraint("order_id", "follows"))


# Seeing


def live_of(order_id: UUID) -> Change | None:
    """The one proposal that is open, or agreed to and not paid yet."""
    (rows,) = ask((LIVE_OF, {"id": order_id}))
    return adopt(Change, rows)[0] if rows else None


def live_of_order(order_id: Any) -> Select[*tuple[Any, ...]]:
    """Of an order by its id, a bindparam or a subquery."""
    return rows_of(Change).where(Change.order_id == order_id, IS_LIVE)


LIVE_OF = Question(live_of_order(bindparam("id")))


def awaiting(order_id: UUID) -> Change | None:
    """The change whose money is awaited."""
    found = live_of(order_id)
    return found if found is not None and found.state is ChangeState.AGREED else None


def awaiting_changes(order_ids: Sequence[UUID]) -> dict[UUID, Change]:
    """By order: the changes whose money is awaited, all at once."""
    rows = select(Change).where(Change.order_id.in_(order_ids), Change.state == ChangeState.AGREED)
    return {row.order_id: row for row in db.session.scalars(rows)}


def versions(order_id: UUID) -> int:
    """How many proposals there were."""
    return db.session.scalar(select(func.count()).where(Change.order_id == order_id)) or 0


def addenda(order_id: UUID) -> list[Addendum]:
    """In their order."""
    rows = select(Addendum).where(Addendum.order_id == order_id).order_by(Addendum.number)
    return list(db.session.scalars(rows))


# Acting, with the order locked


def amend(order: Order, change: Change, by: Actor) -> Addendum:
    """The change comes into force: stage, price and dates move, and the addendum is written. The caller has moved the
    money, or the stage is one whose money is not here yet."""
    stage = change.stage(order)
    stage.amount_fen += change.added_fen
    order.price_fen += change.added_fen
    for later in order.milestones[order.milestones.index(stage) :]:
        if not later.is_over:
            later.due_at += timedelta(days=change.added_days)
    change.go(ChangeState.IN_FORCE)
    cancel_timers(change.id, DUE)
    before = addenda(order.id)
    follows = before[-1].hash if before else order.terms_hash
    assert change.agreed_by is not None and change.agreed_at is not None
    says = {
        "version": 1,
        "order_id": ids.encode("ord", order.id),
        "change_id": ids.encode("chg", change.id),
        "number": len(before) + 1,
        "follows": follows.hex(),
        "text": change.text,
        "stage": stage.kind.value,
        "added_fen": change.added_fen,
        "added_days": change.added_days,
        "proposed_by": ids.encode("pty", change.proposed_by),
        "agreed_by": ids.encode("pty", change.agreed_by),
        "agreed_at": change.agreed_at.isoformat(),
        "in_force_at": now().isoformat(),
        "price_fen": order.price_fen,
        "milestones": [
            {"kind": m.kind.value, "amount_fen": m.amount_fen, "due_at": m.due_at.isoformat()}
            for m in order.milestones
        ],
    }
    made = Addendum(
        order_id=order.id,
        change_id=change.id,
        number=len(before) + 1,
        says=says,
        follows=follows,
        hash=hash_of(says),
    )
    db.session.add(made)
    db.session.flush()
    tell_change(order, change, events.CHANGE_IN_FORCE, by=by, hash=made.hash.hex())
    return made


def overtake(order: Order, milestone: Milestone, by: Actor) -> None:
    """The stage ended, or went into a case: what was proposed about it is off the table, and nobody pays for it."""
    found = order.live_change
    if found is None or not found.is_live or found.milestone_id != milestone.id:
        return
    open_payment = checkouts.live(order.id) if found.state is ChangeState.AGREED else None
    if open_payment is not None:
        checkouts.close(open_payment)
    found.go(ChangeState.OVERTAKEN)
    cancel_timers(found.id, DUE)
    tell_change(order, found, events.CHANGE_OVERTAKEN, by=by)


def tell_change(order: Order, found: Change, name: str, *, by: Actor, **data: Any) -> None:
    """To everybody of the order: the agency too may have to do with it."""
    tell(
        order,
        name,
        by=by,
        stage=found.stage(order).kind.value,
        amount_fen=found.added_fen,
        days=found.added_days,
        version=found.version,
        **data,
    )
