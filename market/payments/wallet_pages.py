"""The merchant's wallet: balance, filling it, sending money back to the payer, what came and went."""

from typing import Any, cast
from uuid import UUID

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import get_locale

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.idempotency import idempotent, request_key
from market.kit.figures import figures
from market.kit.pages import Form, read_form
from market.kit.paging import page_of
from market.kit.words import _, say
from market.payments import cards, checkouts, refunds, topping_up, wallet, wallet_lines
from market.payments.blueprints import pages as bp
from market.payments.models import SavedCard
from market.payments.policy import has_wallet
from market.payments.returning import ARRIVALS, METHODS
from market.payments.schemas import ReturnFormSchema, TopUpFormSchema
from market.payments.states import Means

QUICK_FEN = (100_000, 500_000, 1_000_000, 5_000_000)


@bp.get("/m/wallet")
@hat(Role.MERCHANT)
def my_wallet() -> Any:
    return _wallet(Form({name: request.args[name] for name in ("amount_fen",) if name in request.args}))


def _wallet(form: Form, *, card: SavedCard | None = None) -> Any:
    """With `card`: what would be taken from it, for the click that takes it."""
    actor = current_actor()
    require(has_wallet(actor))
    party_id = cast(UUID, actor.party_id)
    page = render_template(
        "payments/wallet.html",
        balance_fen=wallet.balance(party_id),
        lines=wallet_lines.lines(party_id, cursor=request.args.get("cursor")),
        open_checkout=checkouts.live(party_id),
        form=form,
        chosen=card,
        cards=[each for each in cards.of_party(party_id) if not each.is_expired],
        quick=QUICK_FEN,
        least_fen=figures.min_top_up_fen,
        most_fen=figures.max_top_up_fen,
        returnable_fen=refunds.withdrawable(party_id),
        returns=page_of(
            refunds.visible_to(actor), refunds.Refund.id, limit=10, cursor=request.args.get("returns")
        ),
    )
    return page, form.status


@bp.post("/m/wallet/top-ups")
@hat(Role.MERCHANT)
def top_up() -> Any:
    """To Stripe's page; when Stripe does not answer, to our page that waits for it. A saved card is charged without a
    page, so its amount is shown once more before."""
    actor = current_actor()
    require(has_wallet(actor))
    form = read_form(TopUpFormSchema())
    if form.errors:
        return _wallet(form)
    with form.attempt():
        if form.data["card_id"] and form.data["seen_fen"] != form.data["amount_fen"]:
            wallet.require_limits(form.data["amount_fen"])
            return _wallet(form, card=cards.find_visible(form.data["card_id"], actor))
        made = topping_up.top_up(
            actor,
            form.data["amount_fen"],
            card_id=form.data["card_id"],
            key=request_key(),
            public_url=current_app.config["SETTINGS"].public_url,
            locale=str(get_locale()),
        )
        if made.url and made.is_live and made.means is Means.PAGE:
            return redirect(made.url, 303)
        return redirect(url_for("payments.checkout", checkout_id=made.id), 303)
    return _wallet(form)


@bp.get("/m/wallet/return")
@hat(Role.MERCHANT)
def wallet_return() -> Any:
    """The amount first; with one, by which charges it would go, when it arrives and what it costs."""
    return _return(read_form(ReturnFormSchema(), request.args) if "amount_fen" in request.args else Form())


def _return(form: Form) -> Any:
    actor = current_actor()
    require(has_wallet(actor))
    party_id = cast(UUID, actor.party_id)
    plan, fen = [], 0
    if form.values and not form.errors:
        with form.attempt():
            fen = form.data["amount_fen"]
            plan = refunds.wallet_plan(party_id, fen)
    page = render_template(
        "payments/wallet_return.html",
        balance_fen=wallet.balance(party_id),
        most_fen=refunds.withdrawable(party_id),
        form=form,
        plan=plan,
        fen=fen,
        methods={method: say(text) for method, text in METHODS.items()},
        arrivals={method: say(text) for method, text in ARRIVALS.items()},
    )
    return page, form.status


@bp.post("/m/wallet/returns")
@hat(Role.MERCHANT)
def return_to_payer() -> Any:
    require(has_wallet(current_actor()))
    form = read_form(ReturnFormSchema())
    if form.errors:
        return _return(form)
    with form.attempt():
        return _return_once()
    return _return(form)


@idempotent
def _return_once() -> Any:
    actor = current_actor()
    fen = read_form(ReturnFormSchema()).data["amount_fen"]
    refunds.withdraw_wallet(cast(UUID, actor.party_id), fen, actor)
    flash(_("已提交退回，进度在下面的“退回记录”里。"), "success")
    return redirect(url_for("payments.my_wallet", _anchor="returns"), 303)
