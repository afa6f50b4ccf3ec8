"""Order lists of the three hats, award and pay buttons, the money page of an order, the merchant's funds."""

import csv
import io
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require, signed_in, wear_any
from market.accounts.queries import parties
from market.kit.db import db, transaction
from market.kit.pages import read_form
from market.kit.paging import page_of
from market.kit.words import N_, _, say
from market.orders import (
    calendar_pages,
    change_pages,
    chargebacks,
    exit_pages,
    forecast,
    funds,
    ops_pages,
    part_pages,
    pay_pages,
    policy,
    queries,
    service,
)
from market.orders.blueprint import bp
from market.orders.errors import AlreadyAwarded, CreatorFull
from market.orders.models import BOOKKEEPING_ZONE, Order
from market.orders.schemas import AwardSchema, CancelFormSchema
from market.orders.states import STATE_NAMES
from market.orders.yuan import yuan_by_yuan
from market.tasks import queries as tasks

__all__ = [
    "bp",
    "calendar_pages",
    "change_pages",
    "exit_pages",
    "forecast",
    "ops_pages",
    "part_pages",
    "pay_pages",
]  # the forecast registers itself with the income page

TAB_NAMES = {
    "all": N_("全部"),
    "pay": N_("待托管"),
    "review": N_("待验收"),
    "running": N_("进行中"),
    "done": N_("已完成"),
    "off": N_("已失效"),
}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run."""
HOMES = {
    Role.MERCHANT: "orders.of_merchant",
    Role.CREATOR: "orders.of_creator",
    Role.AGENCY: "orders.of_agency",
}


@bp.get("/m/orders")
@hat(Role.MERCHANT)
def of_merchant() -> Any:
    return _list()


@bp.get("/u/orders")
@hat(Role.CREATOR)
def of_creator() -> Any:
    return _list()


@bp.get("/a/orders")
@hat(Role.AGENCY)
def of_agency() -> Any:
    return _list()


def _list() -> Any:
    actor = current_actor()
    tab = request.args.get("tab", "all")
    tab = tab if tab in TAB_NAMES else "all"
    counts = queries.counts(actor)
    rows = queries.in_tab(queries.visible_to(actor), tab)
    if request.args.get("form") == "csv":
        return _csv(db.session.scalars(rows.order_by(Order.id.desc()).limit(5000)).all())
    page = page_of(rows, Order.id, limit=20, cursor=request.args.get("cursor"))
    here = url_for(HOMES[actor.role])
    return render_template(
        "orders/list.html",
        orders=page,
        tab=tab,
        tabs=[
            {
                "text": say(name),
                "href": here if key == "all" else f"{here}?tab={key}",
                "on": key == tab,
                "n": counts.get(key, 0),
            }
            for key, name in TAB_NAMES.items()
        ],
        next_url=f"{here}?tab={tab}&cursor={page.next_cursor}" if page.next_cursor else None,
        names=parties(party for order in page for party in order.parties),
        here=here,
    )


def _csv(orders: Any) -> Response:
    """The tab as a file; a leading apostrophe keeps spreadsheets from running a title as a formula."""
    names = parties(party for order in orders for party in order.parties)
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(
        [
            _("订单号"),
            _("标题"),
            _("商家"),
            _("创作者"),
            _("机构"),
            _("金额（元）"),
            _("状态"),
            _("签约时间"),
            _("托管时间"),
            _("结束时间"),
        ]
    )
    for order in orders:
        agency = names[order.agency_id].name if order.agency_id else ""
        cells = [
            order.number,
            order.title,
            names[order.merchant_id].name,
            names[order.creator_id].name,
            agency,
        ]
        table.writerow(
            ["'" + cell if cell.startswith(FORMULA) else cell for cell in cells]
            + [f"{order.price_fen // 100}.{order.price_fen % 100:02}", say(STATE_NAMES[order.state])]
            + [_moment(at) for at in (order.awarded_at, order.funded_at, order.ended_at)]
        )
    answer = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=orders.csv"
    return answer


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone(BOOKKEEPING_ZONE):%Y-%m-%d %H:%M:%S}" if at else ""


@bp.post("/m/tasks/<pid('tsk'):task_id>/award")
@hat(Role.MERCHANT)
def award(task_id: UUID) -> Any:
    """The choice on the comparison page. A double click finds its order made, and goes there."""
    actor = current_actor()
    choice = read_form(AwardSchema()).data
    try:
        with transaction():
            task = tasks.find_visible(task_id, actor)
            require(policy.may_award(actor, task))
            order = service.award(task_id, choice["bid_id"], actor, seen_fen=choice["price_fen"])
    except CreatorFull as full:
        flash(full.detail(), "danger")
        return redirect(url_for("bids.own_brief", task_id=task_id), 303)
    except AlreadyAwarded:
        made = queries.of_task(task_id)
        if made is None or made.bid_id != choice["bid_id"]:
            raise
        order = made
    else:
        flash(_("已选定。托管资金后，创作者就开始工作。"), "success")
    return redirect(url_for("delivery.workroom", order_id=order.id), 303)


@bp.post("/orders/<pid('ord'):order_id>/cancellation")
@hat(Role.MERCHANT)
def cancel(order_id: UUID) -> Any:
    actor, wanted = current_actor(), read_form(CancelFormSchema()).data
    with transaction():
        order = queries.find_visible(order_id, actor, lock=True)
        require(policy.may_cancel(actor, order))
        done = service.cancel(order, actor, to_wallet=wanted["to_wallet"])
    flash(_("订单已取消。") if done else _("正在关闭支付页面，关闭后订单自动取消。"), "success")
    return redirect(url_for("delivery.workroom", order_id=order_id), 303)


@bp.get("/orders/<pid('ord'):order_id>/money")
@signed_in
def money(order_id: UUID) -> Any:
    """Yuan by yuan, for whoever is a party."""
    order = queries.find(order_id)  # kept, so that what follows finds it in the session
    wear_any(order.parties)
    actor = current_actor()
    order = queries.find_visible(order_id, actor)
    yuan = yuan_by_yuan(order, actor)
    return render_template(
        "orders/money.html",
        order=order,
        yuan=yuan,
        bank=chargebacks.of_payer(order, actor),
        at_the_bank=chargebacks.is_disputed(order.id),
        parts=[{"label": part.name, "fen": part.fen} for part in yuan.totals],
        names=parties(order.parties),
    )


@bp.get("/m/funds")
@hat(Role.MERCHANT)
def my_funds() -> Any:
    """What is held, what waits for a word, what was paid out; every payment and every posting."""
    actor = current_actor()
    return render_template(
        "orders/funds.html",
        funds=funds.of_merchant(
            actor, cursor=request.args.get("cursor"), paid_cursor=request.args.get("paid")
        ),
    )
