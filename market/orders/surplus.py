"""Money an order has no use for: paid twice, paid late, or the half of a price whose rest never came.

It goes back at the end of the order, in that transaction, and at once when it comes later: into the merchant's wallet,
or by the charges it came with when he chose that. A frozen order keeps it until it is thawed.
"""

from market.accounts.actor import SYSTEM, Actor
from market.ledger import queries as books
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import PostingKind
from market.orders import events
from market.orders.models import Order
from market.orders.telling import tell
from market.payments import refunds
from market.payments.refunds import Reason


def escrow(order: Order) -> Account:
    """What was paid and covers no stage yet."""
    return Account(AccountKind.ESCROW_UNALLOCATED, order.id)


def give_back(order: Order, by: Actor, *, to_wallet: bool = True) -> int:
    """EU→MW (or RF), the subsidy's part EU→PRO, of what lies in the (locked) order's escrow; returns how much.

    The caller knows that no stage needs it. Nothing there, or frozen: 0.
    """
    there = books.balance(escrow(order))
    if not there or order.frozen_at is not None:
        return 0
    before = [e for e in books.postings_of("order", order.id) if e.kind is PostingKind.SURPLUS]
    awarded = sum(m.amount_fen for m in order.milestones if m.funded_at is not None)
    of_price = order.price_fen - awarded + sum(e.change(escrow(order)) for e in before)
    back = refunds.give_back(
        there,
        own_fen=max(0, there - max(0, of_price)),
        price_fen=order.price_fen,
        subject_id=order.id,
        payer_id=order.merchant_id,
        reason=Reason.SURPLUS,
        to_wallet=to_wallet,
        by=by,
    )
    ledger.post(
        PostingKind.SURPLUS,
        f"surplus:{order.id}:{len(before) + 1}",
        back.legs([(escrow(order), there)])[0],
        source=("order", order.id),
        by=by,
    )
    if (
        back.wallet_fen
    ):  # of a refund, refunds tells; by nobody, so that he reads it after his own cancellation too
        tell(order, events.SURPLUS_RETURNED, by=SYSTEM, only=[order.merchant_id], amount_fen=back.wallet_fen)
    return there
