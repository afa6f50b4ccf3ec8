"""May they? Pure questions about orders."""

from uuid import UUID

from market.accounts.actor import Actor, Right, Role
from market.orders.models import Order
from market.orders.states import OrderState
from market.tasks.models import Task


def may_award(actor: Actor, task: Task) -> bool:
    return actor.role is Role.MERCHANT and actor.may(Right.BRIEF) and actor.is_party(task.merchant_id)


def may_pay(actor: Actor, order: Order) -> bool:
    return actor.is_party(order.merchant_id) and actor.may(Right.PAY)


def may_cancel(actor: Actor, order: Order) -> bool:
    return (
        actor.is_party(order.merchant_id)
        and actor.may(Right.BRIEF)
        and order.state is OrderState.AWAITING_FUNDS
    )


def may_review(actor: Actor, order: Order) -> bool:
    """Accept, ask for revisions: the merchant's word."""
    return may_review_of(actor, order.merchant_id)


def may_review_of(actor: Actor, merchant_id: UUID) -> bool:
    return actor.is_party(merchant_id) and actor.may(Right.ACCEPT)


def may_take_back(actor: Actor) -> bool:
    """Refund what was released: an operator of money, in person."""
    return actor.is_operator and actor.may(Right.RECONCILE) and actor.person_id is not None


def may_release_part(actor: Actor, order: Order) -> bool:
    """Ahead of its acceptance, of the stage that is worked on: more than one fen must be there."""
    stage = order.current
    return may_review(actor, order) and stage is not None and stage.left_fen > 1 and order.frozen_at is None


def may_end(actor: Actor, order: Order) -> bool:
    """Ask for, agree to, counter an early end: the two who signed."""
    return may_review(actor, order) or may_deliver(actor, order)


def may_propose_change(actor: Actor, order: Order) -> bool:
    """The two who signed, and the agency of the creator, as it may bid for him."""
    return may_end(actor, order) or (actor.is_party(order.agency_id) and actor.may(Right.BID))


def may_deliver(actor: Actor, order: Order) -> bool:
    return actor.is_party(order.creator_id) and actor.may(Right.DELIVER)


def may_state_weeks(actor: Actor, creator_id: UUID, *, represents: bool) -> bool:
    """The creator, and the agency under whose active link the creator works (`represents`)."""
    if actor.role is Role.AGENCY:
        return represents and actor.may(Right.ROSTER)
    return actor.role is Role.CREATOR and actor.may(Right.BID) and actor.is_party(creator_id)
