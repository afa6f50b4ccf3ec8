"""The verbs of a case. Everything happens under the order's lock, so every race has one outcome.

claim → answer → offers → ruling → one appeal. Each step ends at its time: silence on the claim loses, talking ends in
a ruling, a ruling nobody appeals is carried out; a ruling that is late is the operators' alarm, again and again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from market.accounts.actor import SYSTEM, Actor
from market.approvals import service as approvals
from market.delivery import service as delivery
from market.disputes import events, evidence
from market.disputes.errors import (
    AppealedAlready,
    CaseOver,
    DecidedBefore,
    NotNow,
    OfferMissing,
    OwnOffer,
    SameOperator,
    SplitBeyond,
)
from market.disputes.models import CaseEntry, CaseState, Dispute, Ground, How
from market.disputes.queries import find, of_order
from market.kit.clock import now
from market.kit.db import db
from market.kit.figures import figures
from market.kit.ids import encode
from market.kit.pages import format_fen
from market.kit.work import TooEarly, cancel_timers, set_timer
from market.orders import cases
from market.orders import queries as orders
from market.orders.errors import NotRunning
from market.orders.models import Milestone, Order
from market.orders.states import MilestoneState
from market.orders.telling import tell
from market.payments.alarms import alarm

C = CaseState
DUE = "disputes.due"
REMIND = "disputes.remind"
REMIND_AT = (0.5, 0.9)
RULING = "disputes.ruling"
"""The approval's kind."""


def open_case(
    order: Order,
    milestone: Milestone,
    by: Actor,
    *,
    ground: Ground,
    text: str,
    claim_fen: int,
    to_wallet: bool = False,
    asset_ids: Sequence[UUID] = (),
) -> Dispute:
    """Put the stage's money into a case of the (locked) order; the other stages go on.

    Raises DecidedBefore, SplitBeyond, and what cases.hold and evidence.attach raise.
    """
    assert by.party_id is not None
    if any(c.milestone_id == milestone.id and c.state is C.DECIDED for c in of_order(order.id)):
        raise DecidedBefore
    most = cases.holdable(milestone)
    if not 0 <= claim_fen <= most and most:
        raise SplitBeyond(field="claim_fen", most=format_fen(most))
    if not most and milestone.held_by is None and milestone.state is not MilestoneState.RELEASED:
        raise NotRunning
    case = Dispute(
        order_id=order.id,
        milestone_id=milestone.id,
        opened_by=by.party_id,
        against=order.creator_id if by.is_party(order.merchant_id) else order.merchant_id,
        ground=ground,
        text=text,
        held_fen=max(most, 1),
        claim_fen=min(claim_fen, max(most, 1)),
        stood_at=milestone.state,
        to_wallet=to_wallet and by.is_party(order.merchant_id),
        due_at=_in(figures.case_answer_h),
    )
    case.id = db.session.scalar(db.select(db.func.uuidv7()))
    case.held_fen = cases.hold(order, milestone, case.id, by)
    db.session.add(case)
    db.session.flush()
    evidence.attach(order, case, None, asset_ids, by)
    delivery.pause_review(milestone)
    _set_timers(case)
    _tell(order, case, events.OPENED, by=by, amount_fen=case.held_fen, due_at=case.due_at.isoformat())
    return case


def state(order: Order, case: Dispute, text: str, by: Actor, *, asset_ids: Sequence[UUID] = ()) -> CaseEntry:
    """Say something, with files beside it; the other side's first word is the answer to the claim.

    Raises CaseOver, and what evidence.attach raises.
    """
    _require_open(case)
    made = _enter(case, text, by)
    evidence.attach(order, case, made, asset_ids, by)
    if not _answer(order, case, by):
        _tell(order, case, events.STATED, by=by)
    return made


def offer(order: Order, case: Dispute, creator_fen: int, text: str, by: Actor) -> CaseEntry:
    """Offer a split; it replaces the one on the table. Raises CaseOver, NotNow, SplitBeyond."""
    _require(case, C.ANSWER, C.TALK, C.RULING)
    _within(case, creator_fen)
    made = _enter(case, text, by, creator_fen)
    _answer(order, case, by)
    _tell(order, case, events.OFFERED, by=by, **_sums(case, creator_fen))
    return made


def accept_offer(
    order: Order, case: Dispute, entry_id: UUID, by: Actor, *, to_wallet: bool | None = None
) -> None:
    """Agree to the other side's offer: it decides. Raises CaseOver, NotNow, OfferMissing, OwnOffer."""
    _require(case, C.ANSWER, C.TALK, C.RULING)
    made = case.offer
    if made is None or made.id != entry_id or made.creator_fen is None:
        raise OfferMissing
    if by.is_party(made.party_id):
        raise OwnOffer
    if to_wallet is not None and by.is_party(order.merchant_id):
        case.to_wallet = to_wallet
    _decide(order, case, made.creator_fen, How.AGREED, by)


def escalate(order: Order, case: Dispute, by: Actor) -> None:
    """Either side calls the platform, once the other has answered. Raises CaseOver, NotNow."""
    _require(case, C.TALK)
    _to_ruling(order, case, by)


def drop(order: Order, case: Dispute, by: Actor) -> None:
    """Who opened it takes it back: the stage goes on where it was. Raises CaseOver, NotNow."""
    _require(case, C.ANSWER, C.TALK, C.RULING)
    if not by.is_party(case.opened_by):
        raise NotNow
    milestone = _milestone(order, case)
    case.go(C.DROPPED)
    cancel_timers(case.id, DUE, REMIND)
    cases.drop(order, milestone, case.id, case.stood_at, by)
    if case.stood_at is MilestoneState.SUBMITTED:
        delivery.resume_review(order, milestone)
    _tell(order, case, events.DROPPED, by=by)


def rule(order: Order, case: Dispute, creator_fen: int, reason: str, by: Actor) -> bool:
    """The platform's word. Above the limit a second operator must agree first: False, and nothing has happened yet.

    The first ruling may be appealed; one on an appeal, by somebody else, is carried out at once.
    Raises CaseOver, NotNow, SplitBeyond, SameOperator.
    """
    _require(case, C.RULING, C.APPEAL)
    _within(case, creator_fen)
    if case.state is C.APPEAL and by.person_id == case.ruled_by:
        raise SameOperator
    if case.held_fen >= figures.ruling_two_from_fen:
        content = {"creator_fen": creator_fen, "held_fen": case.held_fen, "step": case.step, "reason": reason}
        approvals.ask(RULING, case.id, content, reason=reason, by=by)
        return False
    set_ruling(order, case, creator_fen, reason, ruled_by=by.person_id, by=by)
    return True


def set_ruling(
    order: Order, case: Dispute, creator_fen: int, reason: str, *, ruled_by: UUID | None, by: Actor
) -> None:
    """What was ruled, and agreed to where that is needed. Raises as `rule`."""
    _require(case, C.RULING, C.APPEAL)
    _within(case, creator_fen)
    on_appeal = case.state is C.APPEAL
    if on_appeal and case.ruled_by in (ruled_by, by.person_id):
        raise SameOperator
    case.ruling_fen, case.ruling_reason = creator_fen, reason
    case.ruled_by, case.ruled_at = ruled_by, now()
    if on_appeal:
        _decide(order, case, creator_fen, How.APPEAL, by)
        return
    _step(case, C.RULED, figures.case_appeal_h)
    _tell(order, case, events.RULED, by=by, due_at=case.due_at.isoformat(), **_sums(case, creator_fen))


def appeal(order: Order, case: Dispute, text: str, by: Actor, *, asset_ids: Sequence[UUID] = ()) -> None:
    """Once, within the time. Raises CaseOver, NotNow, AppealedAlready, and what evidence.attach raises."""
    if case.appealed_by is not None and not case.is_over:
        raise AppealedAlready
    _require(case, C.RULED)
    case.appealed_by = by.party_id
    evidence.attach(order, case, _enter(case, text, by), asset_ids, by)
    _step(case, C.APPEAL, figures.case_ruling_h)
    _tell(order, case, events.APPEALED, by=by, due_at=case.due_at.isoformat())


def due(dispute_id: UUID, data: dict[str, Any]) -> None:
    """The timer of a step. Late after an outage is as good; twice changes nothing."""
    order = orders.find(find(dispute_id).order_id, lock=True)
    case = find(dispute_id)
    if case.is_over or int(data.get("step", 0)) != case.step:
        return
    if case.due_at > now():
        raise TooEarly(case.due_at)
    if order.frozen_at is not None and case.state in (C.ANSWER, C.RULED):
        _again(case, data, timedelta(hours=1))
    elif case.state is C.ANSWER:
        _decide(order, case, case.claim_fen, How.SILENCE, SYSTEM)
    elif case.state is C.TALK:
        _to_ruling(order, case, SYSTEM)
    elif case.state is C.RULED:
        assert case.ruling_fen is not None
        _decide(order, case, case.ruling_fen, How.RULING, SYSTEM)
    else:
        alarm("ruling_overdue", case.id, order=order.number, since=case.due_at.isoformat())
        _again(case, data, timedelta(hours=24))


def remind(dispute_id: UUID, data: dict[str, Any]) -> None:
    """Silence loses, so the other side is reminded at half and nine tenths of the time."""
    order = orders.find(find(dispute_id).order_id, lock=True)
    case = find(dispute_id)
    if case.state is C.ANSWER and case.due_at > now():
        _tell(order, case, events.SOON, by=SYSTEM, only=[case.against], due_at=case.due_at.isoformat())


# Inside


def _decide(order: Order, case: Dispute, creator_fen: int, how: How, by: Actor) -> None:
    milestone = _milestone(order, case)
    was_submitted = case.stood_at is MilestoneState.SUBMITTED
    case.decided_fen, case.how = creator_fen, how
    case.go(C.DECIDED)
    cancel_timers(case.id, DUE, REMIND)
    cases.decide(order, milestone, case.id, creator_fen, to_wallet=case.to_wallet, by=by)
    if was_submitted and milestone.state is MilestoneState.RELEASED:
        delivery.accept_decided(order, milestone, by)
    _tell(order, case, events.DECIDED, by=by, how=how.value, **_sums(case, creator_fen))


def _to_ruling(order: Order, case: Dispute, by: Actor) -> None:
    _step(case, C.RULING, figures.case_ruling_h)
    _tell(order, case, events.ESCALATED, by=by, due_at=case.due_at.isoformat())


def _answer(order: Order, case: Dispute, by: Actor) -> bool:
    """The other side's first word begins the talking. Whether this was it."""
    if case.state is not C.ANSWER or not by.is_party(case.against):
        return False
    _step(case, C.TALK, figures.case_talk_h)
    _tell(order, case, events.ANSWERED, by=by, due_at=case.due_at.isoformat())
    return True


def _enter(case: Dispute, text: str, by: Actor, creator_fen: int | None = None) -> CaseEntry:
    made = CaseEntry(
        dispute_id=case.id, party_id=by.party_id, person_id=by.person_id, text=text, creator_fen=creator_fen
    )
    db.session.add(made)
    db.session.flush()
    db.session.refresh(case, ["entries"])
    return made


def _step(case: Dispute, state: CaseState, hours: int) -> None:
    cancel_timers(case.id, DUE, REMIND)
    case.go(state, _in(hours))
    _set_timers(case)


def _set_timers(case: Dispute) -> None:
    set_timer(DUE, case.id, case.due_at, key=f"{DUE}:{case.id}:{case.step}", step=case.step)
    if case.state is C.ANSWER:
        begun = now()
        for part in REMIND_AT:
            set_timer(REMIND, case.id, begun + (case.due_at - begun) * part, key=f"{REMIND}:{case.id}:{part}")


def _again(case: Dispute, data: dict[str, Any], later: timedelta) -> None:
    turn = int(data.get("turn", 0)) + 1
    set_timer(
        DUE, case.id, now() + later, key=f"{DUE}:{case.id}:{case.step}:{turn}", step=case.step, turn=turn
    )


def _in(hours: int) -> datetime:
    return now() + timedelta(hours=hours)


def _milestone(order: Order, case: Dispute) -> Milestone:
    return next(m for m in order.milestones if m.id == case.milestone_id)


def _require_open(case: Dispute) -> None:
    if case.is_over:
        raise CaseOver


def _require(case: Dispute, *states: CaseState) -> None:
    _require_open(case)
    if case.state not in states:
        raise NotNow


def _within(case: Dispute, creator_fen: int) -> None:
    if not 0 <= creator_fen <= case.held_fen:
        raise SplitBeyond(field="creator_fen", most=format_fen(case.held_fen))


def _sums(case: Dispute, creator_fen: int) -> dict[str, Any]:
    return {"creator_fen": creator_fen, "merchant_fen": case.held_fen - creator_fen}


def _tell(
    order: Order, case: Dispute, name: str, *, by: Actor, only: list[UUID] | None = None, **data: Any
) -> None:
    tell(
        order,
        name,
        by=by,
        only=list(case.parties) if only is None else only,
        stage=_milestone(order, case).kind.value,
        url=f"/disputes/{encode('dsp', case.id)}",
        **data,
    )
