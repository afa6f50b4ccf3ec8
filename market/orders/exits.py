"""Ending a running order early: both sides see the computed split, one asks, the other agrees, counters or is silent.

Silence is answered by the computed split, as it was when the exit was asked for; a counter-proposal never wins by
silence, so nobody gains by proposing something absurd and waiting. Whatever is accepted or released meanwhile is not
touched: an exit ends the stages that are still open, and each of them once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, select, text
from sqlalchemy.orm import Mapped, mapped_column

from market.accounts.actor import SYSTEM, Actor
from market.kit.clock import now
from market.kit.db import Base, Row, belongs_to, db
from market.kit.errors import NotFound
from market.kit.figures import figures
from market.kit.ids import encode
from market.kit.pages import format_fen
from market.kit.states import move
from market.kit.work import TooEarly, cancel_timers, set_timer
from market.ledger import queries as books
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import PostingKind
from market.orders import events
from market.orders.endings import Cause, conclude, endings, go_on, tell_ended
from market.orders.errors import (
    ExitOpen,
    ExitOver,
    NothingToEnd,
    NotYourAnswer,
    QuoteChanged,
    RoundsUsedUp,
    SplitTooLarge,
)
from market.orders.fair import ExitRules, Split, StageFacts, split_of
from market.orders.freezes import require_thawed
from market.orders.models import Milestone, Order
from market.orders.queries import find
from market.orders.states import RUNNING, MilestoneState
from market.orders.telling import tell
from market.payments import refunds
from market.payments.refunds import Reason

K = AccountKind
DUE = "orders.exit_due"
REMIND = "orders.exit_remind"
REMIND_AT = (0.5, 0.9)
QUOTE_LIFE = timedelta(minutes=15)
"""How long a quote may be read before it is acted on."""


class ExitState(StrEnum):
    OPEN = "open"
    AGREED = "agreed"
    SILENT = "silent"  # the time was over: the computed split
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"  # all its stages ended otherwise


X = ExitState
EXIT_MOVES = {X.OPEN: {X.AGREED, X.SILENT, X.WITHDRAWN, X.OVERTAKEN}}


class Exit(Row, Base):
    """A wish to end an order now. `computed` never changes; `proposal` is what is on the table."""

    __tablename__ = "order_exits"

    order_id: Mapped[UUID] = belongs_to("orders")
    asked_by: Mapped[UUID] = belongs_to("parties", index=False)
    state: Mapped[ExitState] = mapped_column(default=ExitState.OPEN)
    reason: Mapped[str] = mapped_column(Text)
    sample_fen: Mapped[int] = mapped_column(BigInteger)
    to_wallet: Mapped[bool]
    """Where the merchant's part goes, as he chooses: his wallet, or back by what he paid with."""
    computed: Mapped[dict[str, Any]]
    """Creator's part by milestone (public id), in fen."""
    computed_at: Mapped[datetime]
    proposal: Mapped[dict[str, Any]]
    proposed_by: Mapped[UUID] = belongs_to("parties", index=False)
    round: Mapped[int] = mapped_column(default=1)
    due_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("sample_fen >= 0", name="sample"),
        Index("uq_order_exits_open", "order_id", unique=True, postgresql_where=text("state = 'open'")),
    )

    @property
    def is_open(self) -> bool:
        return self.state is ExitState.OPEN

    def end(self, state: ExitState) -> None:
        self.state = move(self.state, state, EXIT_MOVES)
        self.ended_at = now()


@dataclass(frozen=True)
class Quote:
    """The computation as both sides see it, and the token that proves it was seen."""

    at: datetime
    rules: ExitRules
    milestones: tuple[Milestone, ...]
    split: Split
    sample_fen: int
    subsidy_fen: int
    """What of `merchant_fen` is the platform's subsidy, and goes back to it."""

    @property
    def creator_fen(self) -> int:
        return self.split.creator_fen

    @property
    def merchant_fen(self) -> int:
        return self.split.merchant_fen

    @property
    def token(self) -> str:
        return (
            f"{int(self.at.timestamp())}.{sha256(repr((self.rules, self.split)).encode()).hexdigest()[:32]}"
        )

    @property
    def parts(self) -> dict[str, int]:
        return {
            encode("mil", m.id): line.creator_fen
            for m, line in zip(self.milestones, self.split.lines, strict=True)
        }


# Seeing


def open_stages(order: Order) -> tuple[Milestone, ...]:
    """The stages an exit would end: not over, and not in a case."""
    return tuple(m for m in order.milestones if not m.is_over and m.state is not MilestoneState.HELD)


def may_be_ended(order: Order) -> bool:
    return order.state in RUNNING and bool(open_stages(order))


def quote(order: Order, *, sample_fen: int = 0, at: datetime | None = None) -> Quote:
    """What an exit would give to whom. Raises NothingToEnd."""
    if not may_be_ended(order):
        raise NothingToEnd
    at = (at or now()).replace(microsecond=0)
    rules = ExitRules.in_terms(order.terms, figures)
    stages = open_stages(order)
    sample_fen = min(sample_fen, rules.sample_cap_fen)
    split = split_of([facts_of(m) for m in stages], rules, at, sample_fen=sample_fen)
    return Quote(at, rules, stages, split, sample_fen, _subsidy_part(order, split.merchant_fen))


def _subsidy_part(order: Order, back_fen: int) -> int:
    return refunds.subsidy_part(back_fen, subject_id=order.id, price_fen=order.price_fen)


@dataclass(frozen=True)
class Verdict:
    """What an exit gives, or gave, to whom; a stage that was decided otherwise has no part in it."""

    parts: Mapping[str, int]
    """The creator's, by milestone (public id)."""
    merchant_fen: int
    subsidy_fen: int
    """What of `merchant_fen` is the platform's subsidy, and goes back to it."""

    @property
    def creator_fen(self) -> int:
        return sum(self.parts.values())


def verdict_of(order: Order, found: Exit) -> Verdict:
    parts = found.computed if found.state is ExitState.SILENT else found.proposal
    if found.state in (ExitState.AGREED, ExitState.SILENT):
        over = endings(order.id)
        ended = [m for m in order.milestones if m.id in over and over[m.id].cause is Cause.EXIT]
        given = {encode("mil", m.id): parts.get(encode("mil", m.id), 0) for m in ended}
        legs = [
            leg
            for m in ended
            for entry in books.postings_of("milestone", m.id)
            if entry.kind is PostingKind.SPLIT
            for leg in entry.legs
        ]
        subsidy = sum(leg.fen for leg in legs if leg.credit.kind is K.PROMOTIONS)
        return Verdict(given, sum(m.returned_fen for m in ended), subsidy)
    return _verdict_now(order, parts)


def _verdict_now(order: Order, parts: Mapping[str, int]) -> Verdict:
    open_ = open_stages(order)
    given = {encode("mil", m.id): min(m.left_fen, parts.get(encode("mil", m.id), 0)) for m in open_}
    back = sum(m.left_fen for m in open_) - sum(given.values())
    return Verdict(given, back, _subsidy_part(order, back))


def facts_of(m: Milestone) -> StageFacts:
    """Of a stage nobody has paid for there is nothing to share out."""
    return StageFacts(
        stage=m.kind,
        amount_fen=m.amount_fen if m.funded_at is not None else 0,
        released_fen=m.released_fen,
        state=m.state,
        begun_at=m.begun_at,
        due_at=m.due_at,
        submitted_at=m.submitted_at,
        waited_s=m.waited_s,
        rounds=m.rounds,
    )


def open_of(order_id: UUID) -> Exit | None:
    return db.session.scalar(select(Exit).where(Exit.order_id == order_id, Exit.state == ExitState.OPEN))


def last_of(order_id: UUID) -> Exit | None:
    return db.session.scalars(
        select(Exit).where(Exit.order_id == order_id).order_by(Exit.id.desc()).limit(1)
    ).first()


def find_exit(exit_id: UUID, order: Order) -> Exit:
    """Of the (locked) order, read afresh. Raises NotFound."""
    found = db.session.get(Exit, exit_id, populate_existing=True)
    if found is None or found.order_id != order.id:
        raise NotFound
    return found


# Acting, with the order locked


def ask(
    order: Order, by: Actor, *, token: str, reason: str, sample_fen: int = 0, to_wallet: bool = False
) -> Exit:
    """Propose the computed split that `token` shows was seen. Raises NothingToEnd, ExitOpen, QuoteChanged, OrderFrozen."""
    require_thawed(order)
    if open_of(order.id):
        raise ExitOpen
    seen = _seen(order, token, sample_fen)
    assert by.party_id is not None
    made = Exit(
        order_id=order.id,
        asked_by=by.party_id,
        reason=reason,
        sample_fen=seen.sample_fen,
        to_wallet=to_wallet and by.is_party(order.merchant_id),
        computed=seen.parts,
        computed_at=seen.at,
        proposal=seen.parts,
        proposed_by=by.party_id,
        due_at=_due(),
    )
    db.session.add(made)
    db.session.flush()
    _set_timers(made)
    _tell(order, events.EXIT_ASKED, verdict_of(order, made), by=by, due_at=made.due_at.isoformat())
    return made


def _seen(order: Order, token: str, sample_fen: int) -> Quote:
    """The quote behind a token, if the facts are still the same. Raises QuoteChanged."""
    try:
        at = datetime.fromtimestamp(int(token.partition(".")[0]), now().tzinfo)
    except (ValueError, OverflowError, OSError) as wrong:
        raise QuoteChanged from wrong
    if not now() - QUOTE_LIFE <= at <= now():
        raise QuoteChanged
    seen = quote(order, sample_fen=sample_fen, at=at)
    if seen.token != token:
        raise QuoteChanged
    return seen


def agree(order: Order, found: Exit, by: Actor, *, round_: int, to_wallet: bool | None = None) -> Exit:
    """Take what is on the table, as of the round that was seen. Raises ExitOver, NotYourAnswer, QuoteChanged, OrderFrozen."""
    _may_answer(found, by)
    if round_ != found.round:
        raise QuoteChanged
    if to_wallet is not None and by.is_party(order.merchant_id):
        found.to_wallet = to_wallet
    _carry_out(order, found, found.proposal, ExitState.AGREED, events.EXIT_AGREED, by)
    return found


def counter(order: Order, found: Exit, parts: Mapping[UUID, int], by: Actor, *, round_: int) -> Exit:
    """Propose other parts for the creator, by milestone. Raises as `agree`, RoundsUsedUp, SplitTooLarge."""
    _may_answer(found, by)
    if round_ != found.round:
        raise QuoteChanged
    if found.round >= figures.exit_rounds:
        raise RoundsUsedUp(n=figures.exit_rounds)
    stages = {m.id: m for m in open_stages(order)}
    for milestone_id, fen in parts.items():
        left = stages[milestone_id].left_fen if milestone_id in stages else 0
        if not 0 <= fen <= left:
            raise SplitTooLarge(field=f"parts.{encode('mil', milestone_id)}", most=format_fen(left))
    cancel_timers(found.id, DUE, REMIND)
    assert by.party_id is not None
    found.proposal = found.proposal | {encode("mil", m): fen for m, fen in parts.items()}
    found.proposed_by, found.round, found.due_at = by.party_id, found.round + 1, _due()
    _set_timers(found)
    _tell(order, events.EXIT_COUNTERED, verdict_of(order, found), by=by, due_at=found.due_at.isoformat())
    return found


def withdraw(order: Order, found: Exit, by: Actor) -> Exit:
    """Who asked takes it back, and the order goes on. Raises ExitOver, NotYourAnswer."""
    if not found.is_open:
        raise ExitOver
    if not by.is_party(found.asked_by):
        raise NotYourAnswer
    found.end(ExitState.WITHDRAWN)
    cancel_timers(found.id, DUE, REMIND)
    _tell(order, events.EXIT_WITHDRAWN, verdict_of(order, found), by=by)
    return found


def due(exit_id: UUID, data: dict[str, Any]) -> None:
    """The timer: nobody answered, so the computed split. Late is as good; twice changes nothing."""
    row = db.session.get(Exit, exit_id)
    if row is None:
        return
    order = find(row.order_id, lock=True)
    found = find_exit(exit_id, order)
    if not found.is_open or int(data.get("round", found.round)) != found.round:
        return
    if found.due_at > now():
        raise TooEarly(found.due_at)
    if not may_be_ended(order):  # all stages ended otherwise, or are in a case
        found.end(ExitState.OVERTAKEN)
        return
    if order.frozen_at is not None:
        turn = int(data.get("frozen", 0)) + 1
        key = f"{DUE}:{found.id}:{found.round}:frozen:{turn}"
        set_timer(DUE, found.id, now() + timedelta(hours=1), key=key, frozen=turn)
        return
    _carry_out(order, found, found.computed, ExitState.SILENT, events.EXIT_SILENT, SYSTEM)


def remind(exit_id: UUID, data: dict[str, Any]) -> None:
    """At half and nine tenths of the time, whoever is to answer."""
    row = db.session.get(Exit, exit_id)
    if row is None:
        return
    order = find(row.order_id, lock=True)
    found = find_exit(exit_id, order)
    if found.is_open and found.due_at > now() and int(data.get("round", 0)) == found.round:
        others = [p for p in (order.merchant_id, order.creator_id) if p != found.proposed_by]
        tell(order, events.EXIT_SOON, by=SYSTEM, only=others, due_at=found.due_at.isoformat())


def _carry_out(
    order: Order, found: Exit, parts: dict[str, int], state: ExitState, name: str, by: Actor
) -> None:
    """End every open stage: the creator's part through the normal shares, the rest back to the merchant."""
    require_thawed(order)
    if not may_be_ended(order):
        raise NothingToEnd
    given = _verdict_now(order, parts)
    found.end(state)
    cancel_timers(found.id, DUE, REMIND)
    end_stages(
        order,
        {m.id: given.parts[encode("mil", m.id)] for m in open_stages(order)},
        cause=Cause.EXIT,
        reason=Reason.EXIT,
        to_wallet=found.to_wallet,
        by=by,
    )
    _tell(order, name, given, by=by)
    go_on(order, by, to_wallet=found.to_wallet)


def end_stages(
    order: Order, creators: Mapping[UUID, int], *, cause: Cause, reason: Reason, to_wallet: bool, by: Actor
) -> None:
    """SPLIT for each of these open milestones of the (locked) order: `creators` says the creator's part of what is left.

    One refund per charge for all of them together.
    """
    stages = [m for m in open_stages(order) if m.id in creators]
    back = refunds.give_back(
        sum(m.left_fen - creators[m.id] for m in stages),
        subject_id=order.id,
        payer_id=order.merchant_id,
        price_fen=order.price_fen,
        reason=reason,
        to_wallet=to_wallet,
        by=by,
    )
    returns = back.legs([(Account(K.ESCROW_MILESTONE, m.id), m.left_fen - creators[m.id]) for m in stages])
    for m, legs in zip(stages, returns, strict=True):
        before = m.paid
        conclude(
            order,
            m,
            creators[m.id],
            cause=cause,
            posting=(PostingKind.SPLIT, f"split:{m.id}"),
            source=Account(K.ESCROW_MILESTONE, m.id),
            returns=legs,
            by=by,
        )
        tell_ended(order, m, before, by)


def _may_answer(found: Exit, by: Actor) -> None:
    if not found.is_open:
        raise ExitOver
    if by.is_party(found.proposed_by):
        raise NotYourAnswer


def _due() -> datetime:
    return now() + timedelta(hours=figures.exit_answer_h)


def _set_timers(found: Exit) -> None:
    begun, end = now(), found.due_at
    set_timer(DUE, found.id, end, key=f"{DUE}:{found.id}:{found.round}", round=found.round)
    for part in REMIND_AT:
        at = begun + (end - begun) * part
        set_timer(REMIND, found.id, at, key=f"{REMIND}:{found.id}:{found.round}:{part}", round=found.round)


def _tell(order: Order, name: str, given: Verdict, *, by: Actor, **data: Any) -> None:
    """To merchant and creator, with what is on the table; the agency hears of the outcome by order.settled."""
    tell(
        order,
        name,
        by=by,
        only=[order.merchant_id, order.creator_id],
        creator_fen=given.creator_fen,
        merchant_fen=given.merchant_fen,
        subsidy_fen=given.subsidy_fen,
        **data,
    )
