"""The money of an order on its way in: what is due, from where it comes, and which stages it covers.

Money lies in the order's own escrow (EU) until it covers the next stage, then in the stage's (EM); work on a stage
that is not covered does not begin. Everything here wants the order locked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from market.accounts.actor import SYSTEM, Actor
from market.kit.clock import now
from market.kit.figures import figures
from market.kit.pages import format_fen
from market.kit.work import cancel_timers, set_timer
from market.ledger import queries as books
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.orders import events, queries, surplus
from market.orders.amendments import Change, amend, awaiting
from market.orders.awarding import LAPSE
from market.orders.errors import (
    NotAwaitingFunds,
    NothingToCharge,
    PlanChanged,
    StagesTogether,
    WalletTooLow,
)
from market.orders.models import Milestone, Order
from market.orders.queries import find
from market.orders.states import RUNNING, MilestoneState, OrderState
from market.orders.surplus import escrow
from market.orders.telling import tell
from market.payments import checkouts, wallet
from market.payments.alarms import alarm
from market.payments.errors import AlreadyPaid, PageStillOpen
from market.payments.models import Checkout
from market.subsidies import service as subsidies
from market.subsidies.errors import SubsidyUsedUp
from market.subsidies.models import Subsidy, SubsidyKind

K = AccountKind
REMIND_FUNDING = "orders.remind_funding"
ALARM_AFTER_REMINDERS = 7


@dataclass(frozen=True)
class Plan:
    """What one click pays: `stages_fen`, with `change_fen` in it, is the sum of what lies here already, subsidy,
    wallet and rest."""

    stages: Sequence[Milestone]
    whole: bool
    stages_fen: int
    change_fen: int
    """What an agreed change adds to a stage that is funded."""
    here_fen: int
    subsidy_fen: int
    wallet_fen: int
    rest_fen: int
    """To be taken by Stripe."""
    wallet_balance_fen: int

    @property
    def names(self) -> list[str]:
        return [m.kind.value for m in self.stages]

    @property
    def due_fen(self) -> int:
        """What the merchant pays, from the wallet and by way of Stripe."""
        return self.wallet_fen + self.rest_fen

    @property
    def paid_by_wallet(self) -> bool:
        return self.wallet_fen > 0 and self.rest_fen == 0


def may_be_paid(order: Order) -> bool:
    """Whether money is awaited: for a stage, or for a change both sides agreed to."""
    if order.state is not OrderState.AWAITING_FUNDS and order.state not in RUNNING:
        return False
    return bool(order.unfunded) or awaiting(order.id) is not None


def plan(order: Order, *, whole: bool = True, use_wallet: bool = False) -> Plan:
    """What an agreed change adds and all stages that are not funded, or only what is next: the change, or else the
    next stage. Raises NotAwaitingFunds, StagesTogether, AlreadyPaid."""
    if not may_be_paid(order):
        raise NotAwaitingFunds
    due, change = order.unfunded, awaiting(order.id)
    if not whole and change is None and len(due) > 1 and not order.may_be_funded_by_stage:
        raise StagesTogether
    stages = due if whole else [] if change else due[:1]
    added = change.added_fen if change else 0
    purse = wallet.account(order.merchant_id)
    there = books.balances([escrow(order), purse])
    total, here = sum(m.amount_fen for m in stages) + added, there[escrow(order)]
    if here >= total:
        raise AlreadyPaid
    missing = total - here
    subsidy = min(missing, _subsidy(order, total - added)[1]) if stages else 0
    missing -= subsidy
    from_wallet = min(missing, there[purse]) if use_wallet else 0
    return Plan(
        stages=stages,
        whole=len(stages) == len(due),
        stages_fen=total,
        change_fen=added,
        here_fen=here,
        subsidy_fen=subsidy,
        wallet_fen=from_wallet,
        rest_fen=missing - from_wallet,
        wallet_balance_fen=there[purse],
    )


def _subsidy(order: Order, stages_fen: int) -> tuple[Subsidy | None, int]:
    """What the platform adds to a payment of these stages; with the subsidy that still has to be asked for it."""
    granted = subsidies.grant_of(order.id)
    found, whole, used = None, granted.amount_fen if granted else 0, granted.used_fen if granted else 0
    if not whole and order.state is OrderState.AWAITING_FUNDS:
        found = subsidies.offer(
            SubsidyKind.COUPON,
            price_fen=order.price_fen,
            campaign_code=order.campaign_code,
            is_new=not queries.has_funded(order.merchant_id),
        )
        whole = found.worth(order.price_fen) if found else 0
    before = sum(m.amount_fen for m in order.milestones if m.funded_at is not None)
    return found, subsidies.part_due(whole, used, covered_fen=before + stages_fen, price_fen=order.price_fen)


def _reserve(order: Order, wanted: Plan, by: Actor) -> None:
    """Set the order's whole subsidy aside before anybody pays the rest. Raises SubsidyUsedUp."""
    if not wanted.subsidy_fen:
        return
    found, _ = _subsidy(order, wanted.stages_fen - wanted.change_fen)
    if found is not None:
        subsidies.reserve(found, order.id, order.merchant_id, found.worth(order.price_fen), by)
    elif (granted := subsidies.grant_of(order.id)) is None or not granted.amount_fen:
        raise SubsidyUsedUp  # by another order, since the plan was made


def free_subsidy(order_id: UUID) -> None:
    """A payment came to nothing: unless another is under way, what was set aside for it serves other orders."""
    order = find(order_id, lock=True)
    if order.is_over:
        kinds = () if order.funded_at is None else (SubsidyKind.COUPON,)
        subsidies.free(order_id, *kinds)
    elif order.state is OrderState.AWAITING_FUNDS and checkouts.live(order_id) is None:
        subsidies.free(order_id, SubsidyKind.COUPON)


def _require_seen(seen_fen: int | None, fen: int) -> None:
    if seen_fen is not None and seen_fen != fen:
        raise PlanChanged(seen=format_fen(seen_fen), now=format_fen(fen))


def checkout(
    order: Order,
    by: Actor,
    *,
    seen_fen: int | None = None,
    whole: bool = True,
    use_wallet: bool = False,
    **way: Any,
) -> Checkout:
    """Pay by way of Stripe; what the wallet adds is taken when Stripe's part has come.

    `seen_fen` is what the payer was told that Stripe will take; `way` goes to `checkouts.checkout`. Raises what `plan`
    raises, NothingToCharge, PlanChanged, PageStillOpen, SubsidyUsedUp.
    """
    wanted = plan(order, whole=whole, use_wallet=use_wallet)
    if not wanted.rest_fen:
        raise NothingToCharge
    _require_seen(seen_fen, wanted.rest_fen)
    _reserve(order, wanted, by)
    made = checkouts.checkout(
        subject_id=order.id,
        payer_id=order.merchant_id,
        amount_fen=wanted.rest_fen,
        wallet_fen=wanted.wallet_fen,
        subsidy_fen=wanted.subsidy_fen,
        title=f"{order.number} {order.title}"[:200],
        by=by,
        **way,
    )
    # A payment that ended while this one was written has changed what is due; only now is it seen.
    again = plan(order, whole=whole, use_wallet=use_wallet)
    if (again.rest_fen, again.wallet_fen) != (made.amount_fen, made.wallet_fen):
        raise PageStillOpen
    return made


def pay_from_wallet(order: Order, by: Actor, *, seen_fen: int | None = None, whole: bool = True) -> Plan:
    """MW→EU and the award of what it covers, all at once. Raises what `plan` raises, WalletTooLow, PlanChanged,
    PageStillOpen while another payment is under way."""
    if checkouts.live(order.id) is not None:
        raise PageStillOpen
    wanted = plan(order, whole=whole, use_wallet=True)
    if wanted.rest_fen:
        raise WalletTooLow(short=format_fen(wanted.rest_fen))
    _require_seen(seen_fen, wanted.wallet_fen)
    _reserve(order, wanted, by)
    wallet.spend(order.id, order.merchant_id, wanted.wallet_fen, by)
    if wanted.subsidy_fen and subsidies.use(order.id, wanted.subsidy_fen, by) != wanted.subsidy_fen:
        raise SubsidyUsedUp
    fund(order.id, by)
    return wanted


def fund(order_id: UUID, by: Actor = SYSTEM, *, paid: str | None = None) -> Order:
    """Give what lies in the order's escrow to the agreed change, then to the stages it covers, in their order. Safe to
    run twice.

    `paid` is the checkout whose money has just come: what the wallet was to add is taken now. Money the order has no
    use for, because it came twice or too late, goes to the merchant's wallet.
    """
    order = find(order_id, lock=True)
    if paid and may_be_paid(order):
        _add_from_wallet(order, checkouts.find(UUID(paid)))
    held = books.balance(escrow(order))
    held -= _bring_change(order, held, by)
    covered = _covered(order, held) if may_be_paid(order) else []
    if covered:
        _award(order, covered, by)
    if not may_be_paid(order):
        surplus.give_back(order, by)
    return order


def take_what_came(order: Order) -> None:
    """Before the (locked) order ends for want of money: what was paid by now counts, also when its news is on its way."""
    waiting = checkouts.owing_wallet_part(order.id)
    fund(order.id, paid=str(waiting.id) if waiting else None)


def _add_from_wallet(order: Order, paid: Checkout) -> None:
    """The wallet's part of a payment, once, and as much of it as is there and still needed."""
    change = awaiting(order.id)
    missing = sum(m.amount_fen for m in order.unfunded) + (change.added_fen if change else 0)
    missing -= books.balance(escrow(order))
    wanted = min(paid.wallet_fen, missing)
    if wanted <= 0:
        return
    paid.wallet_fen = 0
    there = wallet.balance(order.merchant_id)
    if there < wanted:
        # Spent elsewhere in the meantime. What came stays with the order; the merchant pays the difference.
        tell(order, events.WALLET_SHORT, by=SYSTEM, only=[order.merchant_id], amount_fen=wanted - there)
    if there:
        wallet.spend(order.id, order.merchant_id, min(wanted, there), SYSTEM)


def _bring_change(order: Order, held: int, by: Actor) -> int:
    """EU→EM of what an agreed change adds, once it is here; only then the terms are amended. Returns what moved.

    Of a frozen order it waits for the thaw.
    """
    change: Change | None = awaiting(order.id)
    if change is None or held < change.added_fen or order.frozen_at is not None:
        return 0
    ledger.post(
        PostingKind.AWARD,
        f"award:{change.id}",
        [Leg(escrow(order), Account(K.ESCROW_MILESTONE, change.milestone_id), change.added_fen)],
        source=("order", order.id),
        by=by,
    )
    amend(order, change, by)
    return change.added_fen


def _covered(order: Order, held: int) -> list[Milestone]:
    covered = []
    for milestone in order.unfunded:
        if held < milestone.amount_fen:
            break
        held -= milestone.amount_fen
        covered.append(milestone)
    if len(covered) < len(order.unfunded) and not order.may_be_funded_by_stage:
        return []
    return covered


def _award(order: Order, covered: list[Milestone], by: Actor) -> None:
    """EU→EM: in one posting for the whole order, else one for each stage."""
    batches = (
        [(order.id, covered)] if len(covered) == len(order.milestones) else [(m.id, [m]) for m in covered]
    )
    for name, batch in batches:
        legs = [
            Leg(escrow(order), Account(K.ESCROW_MILESTONE, m.id), m.amount_fen) for m in batch if m.amount_fen
        ]
        if legs:
            ledger.post(PostingKind.AWARD, f"award:{name}", legs, source=("order", order.id), by=by)
    waited = order.waiting_stage
    for milestone in covered:
        milestone.funded_at = now()
    if order.state is OrderState.AWAITING_FUNDS:
        order.fund()
        cancel_timers(order.id, LAPSE)
        fen = sum(m.amount_fen for m in covered)
        tell(order, events.FUNDED, by=by, amount_fen=fen, due_at=order.milestones[0].due_at.isoformat())
        return
    cancel_timers(order.id, REMIND_FUNDING)
    if waited is not None and waited in covered:
        order.resume(waited)
    for milestone in covered:
        tell(
            order,
            events.STAGE_FUNDED,
            by=by,
            stage=milestone.kind.value,
            amount_fen=milestone.amount_fen,
            due_at=milestone.due_at.isoformat(),
        )


def begin_stage(order: Order, milestone: Milestone, by: Actor) -> None:
    """Begin the stage if its money is here, also when it only lies in the order's escrow; else ask for it."""
    if milestone.funded_at is None:
        covered = _covered(order, books.balance(escrow(order)))
        if covered:
            _award(order, covered, by)
    if milestone.funded_at is not None:
        if milestone.state is MilestoneState.PENDING:
            milestone.begin()
        return
    _ask_for(order, milestone, by, turn=1)


def remind_funding(order_id: UUID, data: dict[str, Any] | None = None) -> None:
    """The timer: a stage still waits for its money."""
    order = find(order_id, lock=True)
    if order.waiting_stage is not None:
        _ask_for(order, order.waiting_stage, SYSTEM, turn=int((data or {}).get("turn", 1)) + 1)


def _ask_for(order: Order, milestone: Milestone, by: Actor, *, turn: int) -> None:
    tell(
        order,
        events.STAGE_AWAITS,
        by=by,
        only=None if turn == 1 else [order.merchant_id],
        stage=milestone.kind.value,
        amount_fen=milestone.amount_fen,
    )
    if turn > ALARM_AFTER_REMINDERS:
        alarm("stage_not_funded", order.id, number=order.number, stage=milestone.kind.value)
        return
    set_timer(
        REMIND_FUNDING,
        order.id,
        now() + timedelta(hours=figures.funding_reminder_h),
        key=f"{REMIND_FUNDING}:{milestone.id}:{turn}",
        turn=turn,
    )
