"""The pay panel of an order: what is due now, from where it may come, and what each choice would cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from market.accounts.actor import Actor
from market.kit.errors import Conflict
from market.kit.ids import encode
from market.orders import funding, policy
from market.orders.amendments import awaiting
from market.orders.funding import Plan
from market.orders.models import Milestone, Order
from market.payments import cards, checkouts, wallet
from market.payments.models import Checkout, SavedCard


@dataclass(frozen=True)
class Panel:
    """`plan` is None when nothing can be paid at this moment; `why` says why."""

    order: Order
    plan: Plan | None
    why: str
    next_stage: Milestone | None
    """None: nothing but a change is to be paid."""
    change_fen: int
    whole_fen: int
    by_stage: bool
    use_wallet: bool
    wallet_balance_fen: int
    open_checkout: Checkout | None
    cards: Sequence[SavedCard]
    card: str
    """The public id of the chosen card; empty: Stripe's page."""


def panel_of(
    order: Order,
    actor: Actor,
    *,
    whole: bool | None = None,
    use_wallet: bool = False,
    card: str | None = None,
) -> Panel | None:
    """For the merchant while money is awaited, else None. `whole` None: what is most urgent; `card` None: the one
    that is used first."""
    if not policy.may_pay(actor, order) or not funding.may_be_paid(order):
        return None
    due, change = order.unfunded, awaiting(order.id)
    by_stage = bool(due) and (change is not None or (order.may_be_funded_by_stage and len(due) > 1))
    whole = whole if whole is not None and by_stage else not (by_stage and (change or order.waiting_stage))
    plan, why = None, ""
    try:
        plan = funding.plan(order, whole=whole, use_wallet=use_wallet)
    except Conflict as refusal:
        why = refusal.detail()
    usable = [each for each in cards.of_party(order.merchant_id) if not each.is_expired]
    names = [encode("crd", each.id) for each in usable]
    first = names[0] if usable and usable[0].is_default else ""
    return Panel(
        cards=usable,
        card=first if card is None else card if card in names else "",
        order=order,
        plan=plan,
        why=why,
        next_stage=due[0] if due else None,
        change_fen=change.added_fen if change else 0,
        whole_fen=sum(m.amount_fen for m in due) + (change.added_fen if change else 0),
        by_stage=by_stage,
        use_wallet=use_wallet,
        wallet_balance_fen=wallet.balance(order.merchant_id),
        open_checkout=checkouts.live(order.id),
    )
