"""Paying for an order: the panel that shows the sum before the click, and the two ways to pay it."""

from typing import Any
from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import get_locale

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.idempotency import idempotent, request_key
from market.accounts.queries import parties
from market.kit.pages import format_fen, read_form
from market.kit.words import _
from market.orders import funding, paying, policy, queries
from market.orders.blueprint import bp
from market.orders.errors import NothingToCharge, PlanChanged, WalletTooLow
from market.orders.panel import panel_of
from market.orders.paying import Choice
from market.orders.schemas import PayFormSchema
from market.payments.states import Means
from market.subsidies.errors import SubsidyUsedUp


@bp.get("/orders/<pid('ord'):order_id>/payment")
@hat(Role.MERCHANT)
def payment(order_id: UUID) -> Any:
    """The pay panel for the choices in the query: the page, or with htmx the panel alone."""
    actor = current_actor()
    order = queries.find_visible(order_id, actor)
    require(policy.may_pay(actor, order))
    stages = request.args.get("stages")
    panel = panel_of(
        order,
        actor,
        whole=None if stages not in ("all", "next") else stages == "all",
        use_wallet=request.args.get("wallet") == "1",
        card=request.args.get("card_id"),
    )
    if panel is None:
        return redirect(url_for("delivery.workroom", order_id=order_id), 303)
    bare = "HX-Request" in request.headers
    return render_template(
        "orders/_pay.html" if bare else "orders/payment.html",
        pay=panel,
        order=order,
        names=parties(order.parties),
    )


@bp.post("/orders/<pid('ord'):order_id>/checkouts")
@hat(Role.MERCHANT)
def pay(order_id: UUID) -> Any:
    """To Stripe's page; when Stripe does not answer, to our page that waits for it."""
    chosen = read_form(PayFormSchema()).data
    whole, use_wallet = chosen["stages"] == "all", chosen["wallet"]
    try:
        made = paying.pay(
            order_id,
            current_actor(),
            Choice(whole, use_wallet, chosen["amount_fen"], chosen["card_id"]),
            key=request_key(),
            public_url=current_app.config["SETTINGS"].public_url,
            locale=str(get_locale()),
        )
    except (PlanChanged, NothingToCharge, SubsidyUsedUp) as changed:
        return _again(order_id, changed, stages=chosen["stages"], wallet=int(use_wallet))
    if made.url and made.is_live and made.means is Means.PAGE:
        return redirect(made.url, 303)
    return redirect(url_for("payments.checkout", checkout_id=made.id), 303)


@bp.post("/orders/<pid('ord'):order_id>/wallet-payments")
@hat(Role.MERCHANT)
def pay_from_wallet(order_id: UUID) -> Any:
    """The wallet pays all that was chosen, at once."""
    chosen = read_form(PayFormSchema()).data
    paying.clear_the_way(order_id, current_actor())
    try:
        return _pay_from_wallet_once(order_id)
    except (PlanChanged, WalletTooLow, SubsidyUsedUp) as changed:
        return _again(order_id, changed, stages=chosen["stages"], wallet=1)


@idempotent
def _pay_from_wallet_once(order_id: UUID) -> Any:
    actor, chosen = current_actor(), read_form(PayFormSchema()).data
    order = queries.find_visible(order_id, actor, lock=True)
    require(policy.may_pay(actor, order))
    done = funding.pay_from_wallet(
        order, actor, seen_fen=chosen["amount_fen"], whole=chosen["stages"] == "all"
    )
    flash(_("已从钱包托管 %(amount)s。", amount=format_fen(done.wallet_fen)), "success")
    return redirect(url_for("delivery.workroom", order_id=order_id), 303)


def _again(order_id: UUID, refusal: Any, **choice: Any) -> Any:
    """The sum is no longer what the payer saw: he sees the new one before he decides."""
    flash(refusal.detail(), "danger")
    return redirect(url_for("orders.payment", order_id=order_id, **choice), 303)
