"""/m, /u and /ops: the homes; the operators' queue with "run now" and money control."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import case

from market.accounts.actor import Right, Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.queries import parties
from market.creators.queries import profile
from market.desks import queries
from market.kit.db import db, transaction
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.words import N_, _
from market.kit.work import WorkItem, WorkState, hasten
from market.ledger import queries as ledger
from market.ledger.accounts import AccountKind as K
from market.ledger.alarms import alarms
from market.ledger.checks import check_all
from market.matching.service import briefs_for
from market.messages.catalogue import words
from market.orders import funds
from market.orders import queries as orders
from market.orders.states import MilestoneState
from market.orders.timer_names import HANDLERS
from market.payments import holds
from market.payments.earnings import income
from market.planning import rush
from market.tasks import queries as tasks

bp = Blueprint("desks", __name__)

ACCOUNTS = {
    K.STRIPE_CLEARING: N_("Stripe 清算户"),
    K.MERCHANT_WALLET: N_("商家余额"),
    K.ESCROW_UNALLOCATED: N_("订单托管"),
    K.ESCROW_MILESTONE: N_("阶段托管"),
    K.ESCROW_HELD: N_("争议冻结"),
    K.PAYEE_PENDING: N_("清算中的收入"),
    K.PAYEE_AVAILABLE: N_("可提现的收入"),
    K.PAYOUT_IN_TRANSIT: N_("提现在途"),
    K.REFUND_IN_TRANSIT: N_("退款在途"),
    K.CPS_BUDGET: N_("带货佣金预算"),
    K.CPS_PENDING: N_("待结佣金"),
    K.CHARGEBACK_RECEIVABLE: N_("应收拒付款"),
    K.MERCHANT_RECEIVABLE: N_("应收商家"),
    K.PAYEE_RECEIVABLE: N_("应收收款方"),
    K.FEE_REVENUE: N_("平台服务费"),
    K.TAX_PAYABLE: N_("代扣税款"),
    K.PLATFORM_FUNDS: N_("平台自有资金"),
    K.STRIPE_FEES: N_("支付通道费（平台承担）"),
    K.DISPUTE_FEES: N_("争议处理费"),
    K.PROMOTIONS: N_("平台补贴"),
    K.LOSSES: N_("坏账"),
    K.EXCHANGE: N_("换汇"),
    K.SUSPENSE: N_("待查"),
}
"""The chart of accounts in the operators' words."""


@bp.get("/m")
@hat(Role.MERCHANT)
def merchant() -> Any:
    """What waits for the merchant above what his money does."""
    actor = current_actor()
    me = queries.party_of(actor)
    reviews = queries.next_due(actor, MilestoneState.SUBMITTED)
    briefs = queries.briefs_with_bids(actor)
    return render_template(
        "desks/merchant.html",
        orders=orders.counts(actor),
        tasks=tasks.counts(me),
        held_fen=funds.held_fen(actor),
        reviews=reviews,
        working=queries.next_due(actor, MilestoneState.ACTIVE),
        briefs=briefs,
        names=parties(due.order.creator_id for due in reviews),
    )


@bp.get("/u")
@hat(Role.CREATOR)
def creator() -> Any:
    """Today: the next deadline, money arriving and when, and the briefs that suit best."""
    actor = current_actor()
    me = queries.party_of(actor)
    working = queries.next_due(actor, MilestoneState.ACTIVE)
    return render_template(
        "desks/creator.html",
        orders=orders.counts(actor),
        working=working,
        waiting=queries.next_due(actor, MilestoneState.SUBMITTED),
        income=income(me),
        invitations=queries.open_invitations(me),
        matches=briefs_for(me, 3),
        offers=rush.proposed_to(actor),
        profile=profile(me),
        verified=actor.verified,
        names=parties(due.order.merchant_id for due in working),
    )


@bp.get("/ops")
@hat(Role.OPERATOR)
def operator() -> Any:
    actor = current_actor()
    return render_template(
        "desks/operator.html",
        n=queries.operations(),
        money=queries.money_to_do(actor) if actor.may(Right.RECONCILE) else None,
        paused=holds.current() is not None,
        events=[(each, words(each.name, each.data)) for each in queries.recent_events()],
    )


@bp.get("/ops/queue")
@hat(Role.OPERATOR)
def queue() -> Any:
    """Dead ones first, then by the time they are due."""
    require(current_actor().may(Right.RUN))
    rows = queries.waiting().order_by(
        case((WorkItem.state == WorkState.DEAD, 0), else_=1), WorkItem.due_at, WorkItem.id
    )
    chosen = request.args.get("handler", "")
    if chosen:
        rows = rows.where(WorkItem.handler == chosen)
    return render_template(
        "desks/queue.html",
        items=db.session.scalars(rows.limit(100)).all(),
        n=queries.operations(),
        handlers=HANDLERS,
        chosen=chosen,
    )


@bp.post("/ops/queue/<pid('wrk'):item_id>/run")
@hat(Role.OPERATOR)
def run_now(item_id: UUID) -> Any:
    """The row becomes due; a worker takes it within a second."""
    actor = current_actor()
    require(actor.may(Right.RUN))
    with transaction():
        item = hasten(item_id)
        if item is None:
            raise NotFound
        record("work.hastened", item.subject_id, by=actor, handler=item.handler)
    flash(_("已安排立即执行。"), "success")
    return redirect(url_for("desks.queue", handler=request.form.get("handler") or None), 303)


@bp.get("/ops/ledger")
@hat(Role.OPERATOR)
def money() -> Any:
    """Every kind of account with its sum, every check of the books, made now, and what the hourly one found."""
    require(current_actor().may(Right.RECONCILE))
    return render_template(
        "desks/ledger.html",
        totals=ledger.totals(),
        names=ACCOUNTS,
        violations=check_all(),
        alarms=alarms(),
        head=ledger.head(),
    )
