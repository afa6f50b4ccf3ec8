"""The merchant's wallet: balance, filling it, what came and went."""

from typing import Any, cast
from uuid import UUID

from flask import current_app, redirect, render_template, request, url_for
from flask_babel import get_locale

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.idempotency import request_key
from market.kit.figures import figures
from market.kit.pages import Form, read_form
from market.payments import cards, checkouts, topping_up, wallet, wallet_lines
from market.payments.blueprints import pages as bp
from market.payments.policy import has_wallet
from market.payments.schemas import TopUpFormSchema
from market.payments.states import Means

QUICK_FEN = (100_000, 500_000, 1_000_000, 5_000_000)


@bp.get("/m/wallet")
@hat(Role.MERCHANT)
def my_wallet() -> Any:
    return _wallet(Form())


def _wallet(form: Form) -> Any:
    actor = current_actor()
    require(has_wallet(actor))
    party_id = cast(UUID, actor.party_id)
    page = render_template(
        "payments/wallet.html",
        balance_fen=wallet.balance(party_id),
        lines=wallet_lines.lines(party_id, cursor=request.args.get("cursor")),
        open_checkout=checkouts.live(party_id),
        form=form,
        cards=[each for each in cards.of_party(party_id) if not each.is_expired],
        quick=QUICK_FEN,
        least_fen=figures.min_top_up_fen,
        most_fen=figures.max_top_up_fen,
    )
    return page, form.status


@bp.post("/m/wallet/top-ups")
@hat(Role.MERCHANT)
def top_up() -> Any:
    """To Stripe's page; when Stripe does not answer, to our page that waits for it."""
    actor = current_actor()
    require(has_wallet(actor))
    form = read_form(TopUpFormSchema())
    if form.errors:
        return _wallet(form)
    with form.attempt():
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
