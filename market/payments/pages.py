"""The way back from Stripe's payment page, income, withdrawals, and the way to Stripe's onboarding."""

from typing import Any, cast
from uuid import UUID

from flask import current_app, flash, redirect, render_template, request

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require, signed_in, wear_any
from market.accounts.idempotency import idempotent, request_key
from market.kit.db import db
from market.kit.figures import figures
from market.kit.pages import Form, read_form
from market.kit.paging import page_of
from market.kit.words import N_, _, say
from market.payments import card_pages, connect, declines, onboarding, polls, queries, service, wallet_pages
from market.payments.blueprints import pages as bp
from market.payments.errors import StripeAway
from market.payments.models import Checkout, Earning, Withdrawal
from market.payments.policy import has_income
from market.payments.schemas import WithdrawFormSchema

__all__ = ["bp", "card_pages", "wallet_pages"]

METHODS = {"card": N_("银行卡"), "alipay": N_("支付宝"), "wechat_pay": N_("微信支付")}
FAILURES = {
    "account_closed": N_("收款银行账户已注销"),
    "no_account": N_("收款银行账户不存在"),
    "could_not_process": N_("银行没有受理"),
    "insufficient_funds": N_("通道余额不足"),
    "balance_insufficient": N_("平台通道余额不足，客服正在处理"),
    "canceled": N_("已取消"),
}


def reason(code: str) -> str:
    """A failure in words; unknown ones keep Stripe's code, which support can look up."""
    return say(FAILURES[code]) if code in FAILURES else declines.words(code)


@bp.get("/checkouts/<pid('chk'):checkout_id>")
@signed_in
def checkout(checkout_id: UUID) -> Any:
    """Where Stripe sends the payer back. The address moves no money: the fetched object does, or the event."""
    payer = db.session.get(Checkout, checkout_id)
    if payer is not None:
        wear_any([payer.payer_id])
    return render_template("payments/checkout.html", **_state(checkout_id))


@bp.get("/checkouts/<pid('chk'):checkout_id>/state")
@signed_in
def checkout_state(checkout_id: UUID) -> Any:
    """The part of the page that asks for itself again until the payment is decided."""
    return render_template("payments/_checkout.html", **_state(checkout_id))


def _state(checkout_id: UUID) -> dict[str, Any]:
    actor = current_actor()
    found = queries.find_visible(checkout_id, actor)
    away = False
    if found.is_live and (found.session_id or found.intent_id):
        try:
            polls.look_at_checkout(checkout_id)
        except StripeAway:
            away = True
        found = queries.find_visible(checkout_id, actor)
    return {
        "checkout": found,
        "away": away,
        "came_back": "back" in request.args,
        "method": say(METHODS[found.method]) if found.method in METHODS else found.method,
        "reason": declines.words(found.failure) if found.failure else "",
    }


@bp.get("/u/income")
@hat(Role.CREATOR)
def income() -> Any:
    return _income()


@bp.get("/a/income")
@hat(Role.AGENCY)
def agency_income() -> Any:
    return _income()


def _income(form: Form | None = None) -> Any:
    actor = current_actor()
    require(has_income(actor))
    party_id = cast(UUID, actor.party_id)
    account = connect.of(party_id)
    away = False
    if account and account.stripe_id and not account.payouts_enabled:
        try:
            polls.look_at_account(account.id)
        except StripeAway:
            away = True
        account = connect.of(party_id)
    form = form or Form()
    page = render_template(
        "payments/income.html",
        income=service.income(party_id),
        account=account,
        away=away,
        cooling=queries.cooling(party_id),
        earnings=page_of(
            queries.earnings_visible_to(actor), Earning.id, limit=20, cursor=request.args.get("cursor")
        ),
        withdrawals=page_of(queries.withdrawals_visible_to(actor), Withdrawal.id, limit=10),
        form=form,
        least_fen=figures.min_withdrawal_fen,
        reason=reason,
        base=_base(),
        paths=("/a" if actor.role is Role.AGENCY else "/u"),
    )
    return page, form.status


def _base() -> str:
    return "/a/income" if current_actor().role is Role.AGENCY else "/u/income"


@bp.post("/u/income/withdrawals")
@hat(Role.CREATOR)
def withdraw() -> Any:
    return _withdraw()


@bp.post("/a/income/withdrawals")
@hat(Role.AGENCY)
def agency_withdraw() -> Any:
    return _withdraw()


def _withdraw() -> Any:
    require(has_income(current_actor()))
    form = read_form(WithdrawFormSchema())
    if form.errors:
        return _income(form)
    return _withdraw_once()


@idempotent
def _withdraw_once() -> Any:
    actor = current_actor()
    amount = read_form(WithdrawFormSchema()).data["amount"]
    service.withdraw(party_id=cast(UUID, actor.party_id), amount_fen=amount, by=actor, key=request_key())
    flash(_("提现申请已受理，到账后会通知您。"), "success")
    return redirect(_base(), 303)


@bp.post("/u/income/onboarding")
@hat(Role.CREATOR)
def onboard() -> Any:
    return _onboard()


@bp.post("/a/income/onboarding")
@hat(Role.AGENCY)
def agency_onboard() -> Any:
    return _onboard()


def _onboard() -> Any:
    actor = current_actor()
    require(has_income(actor))
    return redirect(onboarding.link(actor, current_app.config["SETTINGS"].public_url + _base()), 303)
