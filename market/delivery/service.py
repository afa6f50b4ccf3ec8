"""The verbs of delivery: submit, remark, ask for a revision, extend, accept (by hand or by timer), land.

Everything here happens under the order's row lock, so acceptance, timer and revision have one outcome.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import func, select

from market.accounts.actor import SYSTEM, Actor
from market.delivery import events, queries
from market.delivery.content import checked
from market.delivery.errors import (
    ExtendedAlready,
    MomentBeyondEnd,
    NoMoment,
    NothingSaid,
    NotUnderReview,
    NotWaitingForHour,
    NotYourTurn,
    RevisionsUsedUp,
)
from market.delivery.hour import check_hour, proposed_hour
from market.delivery.models import Kind, Remark, Submission
from market.kit import ids
from market.kit.clock import now
from market.kit.db import db
from market.kit.figures import figures
from market.kit.look import clock_face
from market.kit.work import TooEarly, cancel_timers, set_timer
from market.media import service as media
from market.orders import queries as orders
from market.orders import service as ordering
from market.orders.models import Milestone, Order
from market.orders.states import MilestoneState, Stage
from market.orders.telling import tell

AUTO_ACCEPT = "delivery.auto_accept"
REMIND = "delivery.remind"
FROZEN_PAUSE = timedelta(hours=1)
CLOCKS_DIFFER_MS = 1000
"""A player that stands at the end of a film says a moment after it: its segments end with a whole frame of sound."""
REMINDERS = ((0.5, events.HALF), (0.9, events.SOON))


def submit(order_id: UUID, kind: Kind, given: dict[str, Any], by: Actor) -> Submission:
    """Hand in the next version for the stage that waits for the creator; the merchant's clock starts.

    Raises NotYourTurn and the refusals of content.py.
    """
    order = orders.find(order_id, lock=True)
    milestone = order.current
    if milestone is None or milestone.kind is Stage.PUBLISHED or milestone.state is not MilestoneState.ACTIVE:
        raise NotYourTurn
    content, asset_id = checked(order, milestone.kind, kind, given, by)
    last = db.session.scalar(
        select(func.max(Submission.version)).where(Submission.milestone_id == milestone.id)
    )
    submission = Submission(
        order_id=order.id,
        milestone_id=milestone.id,
        version=(last or 0) + 1,
        kind=kind,
        content=content,
        asset_id=asset_id,
        auto_accept_at=now() + timedelta(hours=order.terms["auto_accept_h"]),
    )
    db.session.add(submission)
    milestone.submit()
    db.session.flush()
    _set_timers(submission)
    _tell(order, submission, events.SUBMITTED, by=by, due_at=submission.auto_accept_at.isoformat())
    return submission


def remark(submission_id: UUID, said: dict[str, Any], by: Actor) -> Remark:
    """Say something about a version, pinned to a moment and a spot if given; either side, as long as it is looked at."""
    order, submission = queries.locked(submission_id)
    if not submission.is_waiting:
        raise NotUnderReview
    made = _remark(submission, said, by)
    _tell(order, submission, events.REMARKED, by=by, at_ms=made.at_ms, text=made.text[:120])
    return made


def ask_revision(submission_id: UUID, remarks: Sequence[dict[str, Any]], by: Actor) -> Submission:
    """Send the version back with what is to change. Raises RevisionsUsedUp, NothingSaid, NotUnderReview."""
    order, submission = queries.locked(submission_id)
    if not submission.is_waiting or _milestone(order, submission).state is not MilestoneState.SUBMITTED:
        raise NotUnderReview
    left = revisions_left(order, submission.milestone_id)
    if left <= 0:
        raise RevisionsUsedUp(n=order.terms["revisions"])
    for said in remarks:
        _remark(submission, said, by)
    count = db.session.scalar(
        select(func.count()).where(Remark.submission_id == submission.id, Remark.party_id == by.party_id)
    )
    if not count:
        raise NothingSaid(field="text")
    submission.ask_revision()
    _milestone(order, submission).send_back()
    cancel_timers(submission.id, AUTO_ACCEPT, REMIND)
    _tell(order, submission, events.REVISION_ASKED, by=by, remarks=count, left=left - 1)
    return submission


def extend(submission_id: UUID, by: Actor) -> Submission:
    """Give oneself more time to look, once. Raises ExtendedAlready, NotUnderReview."""
    order, submission = queries.locked(submission_id)
    if not submission.is_waiting or _milestone(order, submission).state is not MilestoneState.SUBMITTED:
        raise NotUnderReview
    if submission.extended_at:
        raise ExtendedAlready
    submission.extended_at = now()
    submission.auto_accept_at += timedelta(hours=figures.extension_h)
    cancel_timers(submission.id, AUTO_ACCEPT, REMIND)
    _set_timers(submission)
    _tell(order, submission, events.EXTENDED, by=by, due_at=submission.auto_accept_at.isoformat())
    return submission


def accept(
    submission_id: UUID,
    by: Actor,
    *,
    auto: bool = False,
    locked: tuple[Order, Submission] | None = None,
    publish_at: datetime | None = None,
) -> Submission:
    """Take the work, pay for it, and say so: all three or none. Raises NotUnderReview, the refusals of hour.py.

    `locked`: the order, and the submission read after it, when the caller holds the order's lock already.
    `publish_at`: when an accepted draft is to be published; None, at once.
    """
    order, submission = locked or queries.locked(submission_id)
    if not submission.is_waiting:
        raise NotUnderReview
    milestone = _milestone(order, submission)
    if milestone.state is not MilestoneState.SUBMITTED:
        raise NotUnderReview  # its money is in a case, or ended otherwise
    check_hour(order, milestone.kind, publish_at)
    submission.accept(auto=auto)
    cancel_timers(submission.id, AUTO_ACCEPT, REMIND)
    ordering.release(order, milestone, by, auto=auto, quietly=True)
    _tell(
        order,
        submission,
        events.ACCEPTED,
        by=by,
        amount_fen=milestone.amount_fen,
        auto=auto,
        kind=submission.kind.value,
        format=order.format.value,
    )
    if publish_at:
        _set_hour(order, submission, publish_at, by)
    return submission


def reschedule(order_id: UUID, publish_at: datetime | None, by: Actor) -> Order:
    """Another hour for the work that waits for its own; None, at once. Raises NotWaitingForHour, the refusals of
    hour.py."""
    order = orders.find(order_id, lock=True)
    if not order.waits_for_its_hour:
        raise NotWaitingForHour
    check_hour(order, Stage.DRAFT, publish_at)
    accepted = queries.versions(order.milestone(Stage.DRAFT).id)[-1]
    _set_hour(order, accepted, publish_at or now(), by)
    return order


def _set_hour(order: Order, accepted: Submission, at: datetime, by: Actor) -> None:
    order.publish_at = at
    _tell(order, accepted, events.SCHEDULED, by=by, publish_at=at.isoformat())


def pause_review(milestone: Milestone) -> None:
    """The stage's money is in a case: nothing is accepted by itself meanwhile."""
    waiting = _waiting(milestone)
    if waiting is not None:
        cancel_timers(waiting.id, AUTO_ACCEPT, REMIND)


def resume_review(order: Order, milestone: Milestone) -> None:
    """The case was taken back: the merchant has his whole time to look again."""
    waiting = _waiting(milestone)
    if waiting is not None:
        waiting.auto_accept_at = now() + timedelta(hours=order.terms["auto_accept_h"])
        key = f"{AUTO_ACCEPT}:{waiting.id}:resumed:{waiting.auto_accept_at.isoformat()}"
        set_timer(AUTO_ACCEPT, waiting.id, waiting.auto_accept_at, key=key)


def accept_decided(order: Order, milestone: Milestone, by: Actor) -> None:
    """A case gave the whole stage to the creator: the version that waited counts as accepted. Its money has moved."""
    waiting = _waiting(milestone)
    if waiting is None:
        return
    waiting.accept(auto=False)
    _tell(
        order,
        waiting,
        events.ACCEPTED,
        by=by,
        amount_fen=milestone.amount_fen,
        auto=False,
        kind=waiting.kind.value,
        format=order.format.value,
    )


def _waiting(milestone: Milestone) -> Submission | None:
    """The version that waits for the merchant's word."""
    return next((s for s in reversed(queries.versions(milestone.id)) if s.is_waiting), None)


def auto_accept(submission_id: UUID, data: dict[str, Any]) -> None:
    """The timer: the merchant said nothing in time. Late after an outage is as good; twice changes nothing."""
    order, submission = queries.locked(submission_id)
    under_review = _milestone(order, submission).state is MilestoneState.SUBMITTED
    if not submission.is_waiting or not under_review:
        return
    if submission.auto_accept_at > now():
        raise TooEarly(submission.auto_accept_at)
    if order.frozen_at is not None:  # its time is over all the same: asked again until the freeze is lifted
        turn = int(data.get("frozen", 0)) + 1
        key = f"{AUTO_ACCEPT}:{submission.id}:frozen:{turn}"
        set_timer(AUTO_ACCEPT, submission.id, now() + FROZEN_PAUSE, key=key, frozen=turn)
    else:
        accept(
            submission_id,
            SYSTEM,
            auto=True,
            locked=(order, submission),
            publish_at=proposed_hour(submission),
        )


def remind(submission_id: UUID, data: dict[str, Any]) -> None:
    """The timers at half and nine tenths of the time; too late to be of use, they say nothing."""
    order, submission = queries.locked(submission_id)
    under_review = _milestone(order, submission).state is MilestoneState.SUBMITTED
    if submission.is_waiting and under_review and submission.auto_accept_at > now():
        _tell(
            order,
            submission,
            data["name"],
            by=SYSTEM,
            only=[order.merchant_id],
            due_at=submission.auto_accept_at.isoformat(),
            amount_fen=_milestone(order, submission).amount_fen,
        )
        if "begun" in data:  # those of before 20261128 were all set at once
            begun = datetime.fromisoformat(data["begun"])
            _set_reminder(submission, begun=begun, turn=data["turn"], after=data["name"])


def land(order_id: UUID, receipt: dict[str, Any]) -> bool:
    """The work stands on its shelf: pay the last part against the receipt and complete the order.

    Safe to run twice; False when it had landed. Raises IllegalMove before the draft was accepted.
    """
    return ordering.land(orders.find(order_id, lock=True), receipt)


def revisions_left(order: Order, milestone_id: UUID) -> int:
    """Rounds the merchant may still ask for at this stage."""
    return max(0, int(order.terms["revisions"]) - queries.rounds_used(milestone_id))


def _milestone(order: Order, submission: Submission) -> Milestone:
    return next(m for m in order.milestones if m.id == submission.milestone_id)


def _remark(submission: Submission, said: dict[str, Any], by: Actor) -> Remark:
    at_ms = said.get("at_ms")
    if at_ms is not None:
        if submission.kind is not Kind.VIDEO or submission.asset_id is None:
            raise NoMoment(field="at_ms")
        length = media.find(submission.asset_id).duration_ms
        if length is not None:
            if at_ms > length + CLOCKS_DIFFER_MS:
                raise MomentBeyondEnd(field="at_ms", length=clock_face(length / 1000))
            at_ms = min(at_ms, length)
    made = Remark(
        submission_id=submission.id,
        party_id=cast(UUID, by.party_id),
        person_id=by.person_id,
        text=said["text"],
        at_ms=at_ms,
        x=said.get("x"),
        y=said.get("y"),
    )
    db.session.add(made)
    db.session.flush()
    return made


def _set_timers(submission: Submission) -> None:
    """Acceptance at the end, reminders on the way."""
    end, turn = submission.auto_accept_at, int(submission.extended_at is not None)
    set_timer(AUTO_ACCEPT, submission.id, end, key=f"{AUTO_ACCEPT}:{submission.id}:{turn}")
    _set_reminder(submission, begun=now(), turn=turn)


def _set_reminder(submission: Submission, *, begun: datetime, turn: int, after: str | None = None) -> None:
    """The first, or the one after that of this name. One waits at a time: most are taken back before their hour."""
    names = [None, *(name for _, name in REMINDERS)]
    for part, name in REMINDERS[names.index(after) :][:1]:
        at = begun + (submission.auto_accept_at - begun) * part
        key = f"{name}:{submission.id}:{turn}"
        set_timer(REMIND, submission.id, at, key=key, name=name, begun=begun.isoformat(), turn=turn)


def _tell(
    order: Order, submission: Submission, name: str, *, by: Actor, only: list[UUID] | None = None, **data: Any
) -> None:
    stage = _milestone(order, submission).kind.value
    tell(
        order,
        name,
        by=by,
        only=only,
        submission_id=ids.encode("sub", submission.id),
        stage=stage,
        version=submission.version,
        **data,
    )
