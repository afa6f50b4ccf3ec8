"""The way back from Stripe's payment page, income, withdrawals, and the way to Stripe's onboarding."""

from typing import Any, cast
from uuid import UUID

from flask import current_app, flash, make_response, redirect, render_template, request

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require, signed_in, wear_any
from market.accounts.idempotency import idempotent, request_key
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.figures import figures
from market.kit.pages import Form, read_form
from market.kit.paging import page_of
from market.kit.words import N_, _, say
from market.payments import (
    card_pages,
    chargeback_pages,
    chargebacks,
    connect,
    debt_pages,
    declines,
    holds,
    onboarding,
    polls,
    queries,
    registry,
    rhythm,
    service,
    wallet_pages,
    withdrawals,
)
from market.payments.blueprints import pages as bp
from market.payments.errors import StripeAway
from market.payments.models import Checkout, ConnectAccount, Earning, Withdrawal
from market.payments.policy import has_income
from market.payments.returning import METHODS
from market.payments.schemas import RhythmSchema, WithdrawFormSchema
from market.payments.states import Means, PayoutRhythm

__all__ = ["bp", "card_pages", "chargeback_pages", "debt_pages", "wallet_pages"]

FAILURES = {
    "account_closed": N_("收款银行账户已注销"),
    "no_account": N_("收款银行账户不存在"),
    "could_not_process": N_("银行没有受理"),
    "insufficient_funds": N_("通道余额不足"),
    "balance_insufficient": N_("平台通道余额不足，客服正在处理"),
    "canceled": N_("已取消"),
}


RHYTHMS = {
    PayoutRhythm.MANUAL: N_("手动提现"),
    PayoutRhythm.WEEKLY: N_("每周一自动提现"),
    PayoutRhythm.MONTHLY: N_("每月 1 日自动提现"),
}
ADVICE = {
    "account_closed": N_("请在收款账户里换一张银行卡，再重试。"),
    "no_account": N_("请核对收款账户的卡号，更正后再重试。"),
    "could_not_process": N_("银行临时没有受理，可以直接重试。"),
    "insufficient_funds": N_("请退回可提现余额后重新提现。"),
}
"""What a payee does about a payout that came back."""
OTHER_ADVICE = N_("可以重试；仍不成功请退回可提现余额，或联系客服。")


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
    """The part of the page that asks for itself again until the payment is decided; who waits for Stripe's page to be
    ready is led to it."""
    state = _state(checkout_id)
    response = make_response(render_template("payments/_checkout.html", **state))
    found = state["checkout"]
    if found.is_live and found.url and found.means is Means.PAGE and not state["came_back"]:
        response.headers["HX-Redirect"] = found.url
    return response


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
    if account and account.stripe_id and not connect.is_payable(account):
        try:
            polls.look_at_account(account.id)
        except StripeAway:
            away = True
        account = connect.of(party_id)
    form = form or Form()
    found = page_of(
        queries.earnings_visible_to(actor), Earning.id, limit=20, cursor=request.args.get("cursor")
    )
    page = render_template(
        "payments/income.html",
        income=service.income(party_id),
        account=account,
        payable=account is not None and connect.is_payable(account),
        held=account is not None and account.held_until is not None and account.held_until > now(),
        requirements=connect.requirements(account) if account else [],
        restricted=connect.why_restricted(account) if account else "",
        standing=_standing(account) if account else "",
        paused=holds.current() is not None,
        away=away,
        cooling=queries.cooling(party_id),
        earnings=found,
        disputed={each.subject_id for each in found if each.frozen_at and is_disputed(each.subject_id)},
        withdrawals=page_of(
            queries.withdrawals_visible_to(actor),
            Withdrawal.id,
            limit=10,
            cursor=request.args.get("withdrawals"),
        ),
        forecast=registry.forecast(party_id),
        members=registry.members(party_id) if actor.role is Role.AGENCY else [],
        rhythms={each.value: say(text) for each, text in RHYTHMS.items()},
        form=form,
        least_fen=max(figures.min_withdrawal_fen, figures.payout_fee_fen + 1),
        fee_fen=figures.payout_fee_fen,
        back_at=withdrawals.back_at,
        reason=reason,
        advice=lambda code: say(ADVICE.get(code, OTHER_ADVICE)),
        base=_base(),
        paths=("/a" if actor.role is Role.AGENCY else "/u"),
    )
    return page, form.status


def _standing(account: ConnectAccount) -> str:
    """What a payee who cannot be paid can do: `refused` asks support, `waiting` waits, `missing` fills in."""
    if connect.is_refused(account):
        return "refused"
    if account.details_submitted and connect.is_waiting(account):
        return "waiting"
    return "missing"


def is_disputed(order_id: UUID) -> bool:
    """Why it is frozen, as far as payments know: a bank disputes its payment."""
    return any(found.is_open for found in chargebacks.of_subject(order_id))


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


@bp.post("/u/income/withdrawals/<pid('wdr'):withdrawal_id>/<any(retry, back):way>")
@hat(Role.CREATOR)
def decide_bounced(withdrawal_id: UUID, way: str) -> Any:
    return _decide(withdrawal_id, way)


@bp.post("/a/income/withdrawals/<pid('wdr'):withdrawal_id>/<any(retry, back):way>")
@hat(Role.AGENCY)
def agency_decide_bounced(withdrawal_id: UUID, way: str) -> Any:
    return _decide(withdrawal_id, way)


@idempotent
def _decide(withdrawal_id: UUID, way: str) -> Any:
    actor = current_actor()
    require(has_income(actor))
    queries.find_withdrawal(withdrawal_id, actor)
    found = withdrawals.find(withdrawal_id, lock=True)
    if way == "retry":
        service.retry(found, by=actor)
        flash(_("已重新提交给银行，到账后会通知您。"), "success")
    else:
        service.take_back(found, by=actor)
        flash(_("正在退回可提现余额，稍后就能看到。"), "success")
    return redirect(_base(), 303)


@bp.post("/u/income/rhythm")
@hat(Role.CREATOR)
def choose_rhythm() -> Any:
    return _choose_rhythm()


@bp.post("/a/income/rhythm")
@hat(Role.AGENCY)
def agency_choose_rhythm() -> Any:
    return _choose_rhythm()


def _choose_rhythm() -> Any:
    actor = current_actor()
    require(has_income(actor))
    form = read_form(RhythmSchema())
    if form.errors:
        return _income(form)
    with transaction():
        rhythm.choose(cast(UUID, actor.party_id), PayoutRhythm(form.data["rhythm"]), by=actor)
    flash(_("提现方式已保存。"), "success")
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
