"""The money of a case: out of a stage's escrow, or back from the payees while it cools, until it is decided.

A case is known here by its id only; what is said in it, and who decides, is `market.disputes`. Every verb wants the
order locked.
"""

from uuid import UUID

from market.accounts.actor import Actor
from market.kit.pages import format_fen
from market.ledger import queries as books
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.orders.amendments import overtake
from market.orders.endings import Cause, conclude, go_on, pay_legs, tell_ended
from market.orders.errors import CoolingOver, InCaseAlready, NotRunning, PartTooLarge
from market.orders.exits import end_stages
from market.orders.freezes import require_thawed
from market.orders.models import Milestone, Order
from market.orders.shares import Shares
from market.orders.states import MilestoneState, Stage
from market.payments import earnings, refunds
from market.payments.refunds import Reason

K = AccountKind
M = MilestoneState


def held(case_id: UUID) -> int:
    """What is in the case now."""
    return books.balance(Account(K.ESCROW_HELD, case_id))


def holdable(milestone: Milestone) -> int:
    """What a case about this stage would hold: what is not released, or all that was, while all of it still cools."""
    if milestone.held_by is not None:
        return 0
    if milestone.state in (M.ACTIVE, M.SUBMITTED):
        return milestone.left_fen
    if milestone.state is not M.RELEASED:
        return 0
    paid = milestone.paid
    cooling = sum(e.net_fen for e in earnings.cooling_of(milestone.id, lock=False))
    return paid.total if cooling == paid.creator + paid.agency else 0


def hold(order: Order, milestone: Milestone, case_id: UUID, by: Actor) -> int:
    """EM→EH, or PP of each payee, FEE and TAX→EH while it cools; other stages go on. Returns how much is held.

    Raises InCaseAlready, NotRunning, CoolingOver, OrderFrozen.
    """
    require_thawed(order)
    if milestone.held_by is not None:
        raise InCaseAlready
    case = Account(K.ESCROW_HELD, case_id)
    if milestone.state in (M.ACTIVE, M.SUBMITTED):
        fen = milestone.left_fen
        if not fen:
            raise NotRunning
        legs = [Leg(Account(K.ESCROW_MILESTONE, milestone.id), case, fen)]
        milestone.hold(case_id)
    elif milestone.state is M.RELEASED:
        paid = milestone.paid
        cooling = earnings.cooling_of(milestone.id)
        if not paid.total or sum(e.net_fen for e in cooling) != paid.creator + paid.agency:
            raise CoolingOver
        fen = paid.total
        legs = [
            Leg(Account(K.PAYEE_PENDING, each.party_id), case, each.net_fen)
            for each in cooling
            if each.net_fen
        ]
        legs += [Leg(Account(K.FEE_REVENUE), case, paid.fee), Leg(Account(K.TAX_PAYABLE), case, paid.tax)]
        for each in cooling:
            each.taken_fen = each.amount_fen
        milestone.held_by, milestone.reversed_fen = case_id, milestone.reversed_fen + fen
    else:
        raise NotRunning
    ledger.post(PostingKind.HOLD, f"hold:{case_id}", legs, source=("milestone", milestone.id), by=by)
    overtake(order, milestone, by)
    go_on(order, by)
    return fen


def decide(
    order: Order, milestone: Milestone, case_id: UUID, creator_fen: int, *, to_wallet: bool, by: Actor
) -> None:
    """End the case: `creator_fen` of what it holds to the payees through the normal shares, the rest to the merchant.

    A draft that was not released whole can stand on no shelf: the stage after it goes back to the merchant.
    Raises AlreadyEnded, PartTooLarge, OrderFrozen.
    """
    require_thawed(order)
    there, case = held(case_id), Account(K.ESCROW_HELD, case_id)
    if not 0 <= creator_fen <= there:
        raise PartTooLarge(field="creator_fen", most=format_fen(there))
    back = refunds.give_back(
        there - creator_fen,
        subject_id=order.id,
        payer_id=order.merchant_id,
        price_fen=order.price_fen,
        reason=Reason.CASE,
        to_wallet=to_wallet,
        by=by,
    )
    returns = back.legs([(case, there - creator_fen)])[0]
    before = milestone.paid
    posting = (PostingKind.DECIDE, f"decide:{case_id}")
    if milestone.state is M.HELD:
        conclude(
            order,
            milestone,
            creator_fen,
            cause=Cause.CASE,
            posting=posting,
            source=case,
            returns=returns,
            by=by,
        )
        tell_ended(order, milestone, before, by)
        last = order.milestone(Stage.PUBLISHED)
        if milestone.kind is Stage.DRAFT and milestone.returned_fen and last.state is M.PENDING:
            end_stages(order, {last.id: 0}, cause=Cause.CASE, reason=Reason.CASE, to_wallet=to_wallet, by=by)
    else:
        milestone.reversed_fen -= creator_fen
        milestone.held_by = None
        milestone.parts += 1
        shares = Shares.between(before.total, before.total + creator_fen, **order.rates)
        legs = [*pay_legs(order, milestone, shares, case, part=milestone.parts), *returns]
        ledger.post(*posting, legs, source=("milestone", milestone.id), by=by)
    go_on(order, by, to_wallet=to_wallet)


def drop(order: Order, milestone: Milestone, case_id: UUID, back_to: MilestoneState, by: Actor) -> None:
    """The case is taken back: the stage is where it was before, and its money too. Raises OrderFrozen."""
    require_thawed(order)
    if milestone.state is not M.HELD:
        decide(order, milestone, case_id, held(case_id), to_wallet=False, by=by)
        return
    legs = [Leg(Account(K.ESCROW_HELD, case_id), Account(K.ESCROW_MILESTONE, milestone.id), held(case_id))]
    ledger.post(PostingKind.DECIDE, f"decide:{case_id}", legs, source=("milestone", milestone.id), by=by)
    milestone.drop_hold(back_to)
