"""What a chargeback does to the order it was about: its money is set aside until the bank decides, and a loss ends it.

Payments keeps the disputes and the cash; here is what needs the order: which money is there, and whose it would be.
The order is locked first, then the chargeback.
"""

from uuid import UUID

from market.accounts.actor import SYSTEM, Actor
from market.kit.events import Event
from market.kit.figures import figures
from market.ledger import queries as books
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.orders import freezes, surplus
from market.orders.endings import Cause, conclude, go_on
from market.orders.freezes import FreezeSource
from market.orders.models import Order
from market.orders.queries import find
from market.orders.states import RUNNING, MilestoneState
from market.payments import chargebacks, earnings
from market.payments import queries as payments
from market.payments.chargebacks import Chargeback, ChargebackState, Part
from market.payments.refunds import paid_in
from market.subsidies import service as subsidies

K = AccountKind


def of_payer(order: Order, actor: Actor) -> Chargeback | None:
    """The bank's wish that freezes the order now, for its payer, who can talk to that bank."""
    if order.frozen_at is None or not actor.is_party(order.merchant_id):
        return None
    disputed = chargebacks.of_subject(order.id)
    return next((each for each in disputed if each.state is ChargebackState.OPEN), None)


def is_disputed(order_id: UUID) -> bool:
    """A bank has taken a payment of this order and not decided yet: any party may know."""
    return any(found.is_open for found in chargebacks.of_subject(order_id))


def freeze(event: Event) -> None:
    """chargeback.opened: nothing of the order moves, and what is there is set aside, …→EH. Safe to run twice."""
    found = _of(event)
    if found is None:
        return
    order = find(found.subject_id, lock=True)
    found = chargebacks.find(found.id, lock=True)
    if found.state is not ChargebackState.OPEN or chargebacks.holds_of(found.id):
        return
    freezes.freeze(order.id, FreezeSource.CHARGEBACK, found.reason, by=SYSTEM, key=found.dispute_id)
    parts = _unreleased(order)
    rest = max(0, found.amount_fen - sum(part.fen for part in parts))
    chargebacks.hold(found, [*parts, *_of_payees(order, rest)])


def thaw(event: Event) -> None:
    """chargeback.won: the money is back where it was, and moves again."""
    found = _of(event)
    if found is not None:
        freezes.lift(found.subject_id, FreezeSource.CHARGEBACK, by=SYSTEM, key=found.dispute_id)


def lose(event: Event) -> None:
    """chargeback.lost: the order ends without the money. Safe to run twice."""
    found = _of(event)
    if found is not None:
        _settle(found.id)


def settle_thawed(event: Event) -> None:
    """order.thawed: a loss that had to wait for another freeze is shared out now."""
    for found in chargebacks.of_subject(event.subject_id):
        if found.state is ChargebackState.LOST and found.settled_at is None:
            _settle(found.id)


def _of(event: Event) -> Chargeback | None:
    """The chargeback, when it is about an order: payments settles what concerns a wallet."""
    found = chargebacks.find(UUID(event.data["chargeback_id"]))
    return None if found.is_of_wallet else found


def _unreleased(order: Order) -> list[Part]:
    """What lies in the order's own escrow and its stages', what comes last first: that is given up first."""
    accounts = [Account(K.ESCROW_UNALLOCATED, order.id)]
    accounts += [Account(K.ESCROW_MILESTONE, m.id) for m in reversed(order.milestones)]
    there = books.balances(accounts)
    return [Part(account, there[account]) for account in accounts if there[account]]


def _of_payees(order: Order, rest: int) -> list[Part]:
    """By the figures: what they have cooling of this order, latest first; and what of it has matured and is there."""
    parts = []
    if figures.chargeback_freezes_cooling:
        for earning in earnings.cooling_of_order(order.id):
            fen = min(rest, earning.net_fen)
            if fen:
                earning.taken_fen += fen
                parts.append(Part(Account(K.PAYEE_PENDING, earning.party_id), fen, earning.id))
                rest -= fen
    if figures.chargeback_freezes_available:
        for party_id, matured in earnings.matured_of_order(order.id).items():
            account = Account(K.PAYEE_AVAILABLE, party_id)
            fen = min(rest, matured, books.balance(account))
            if fen:
                parts.append(Part(account, fen))
                rest -= fen
    return parts


def _settle(chargeback_id: UUID) -> None:
    order = find(chargebacks.find(chargeback_id).subject_id, lock=True)
    found = chargebacks.find(chargeback_id, lock=True)
    if found.state is not ChargebackState.LOST or found.settled_at is not None:
        return
    freezes.lift(order.id, FreezeSource.CHARGEBACK, by=SYSTEM, key=found.dispute_id)
    if order.frozen_at is not None:
        return  # another freeze is on: `settle_thawed` comes back
    spent = _end(order, found) if order.state in RUNNING else 0
    paid = {
        party: sum(e.amount_fen for e in payments.earnings_of(order.id) if e.party_id == party)
        for party in (order.creator_id, order.agency_id)
        if party
    }
    chargebacks.share_loss(found, payees=paid, spent_fen=spent, number=order.number)
    if order.is_over:
        surplus.give_back(order, SYSTEM)


def _end(order: Order, found: Chargeback) -> int:
    """Every stage that is not over ends unpaid: EH→CBR, a subsidy's part EH→PRO, and what the loss does not take
    EH→MW; returns what it took.

    A stage whose money is in a case is left to the case.
    """
    holds = {
        hold.owner_id: hold for hold in chargebacks.holds_of(found.id) if hold.account is K.ESCROW_MILESTONE
    }
    spent = 0
    for milestone in reversed(order.milestones):
        hold = holds.get(milestone.id)
        if (
            milestone.is_over
            or milestone.state is MilestoneState.HELD
            or (hold is None and milestone.funded_at is not None)
        ):
            continue
        there = hold.left_fen if hold else 0
        promotion = subsidies.returned(
            order.id, there, paid_in_fen=lambda: min(order.price_fen, paid_in(order.id))
        )
        lost = min(there - promotion, found.amount_fen - spent)
        if hold:
            hold.lost_fen += lost
            hold.returned_fen += there - lost
        spent += lost
        conclude(
            order,
            milestone,
            0,
            cause=Cause.CHARGEBACK,
            posting=(PostingKind.CHARGEBACK_LOST, f"cb-lost:{found.dispute_id}:{milestone.id}"),
            source=found.held,
            returns=[
                Leg(found.held, found.receivable, lost),
                Leg(found.held, Account(K.PROMOTIONS), promotion),
                Leg(found.held, Account(K.MERCHANT_WALLET, order.merchant_id), there - promotion - lost),
            ],
            by=SYSTEM,
        )
    go_on(order, SYSTEM)
    return spent
