"""Debts as pages: what one owes and why, for each hat; and the operators' list, by age, with what they may ask for."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for

from market.accounts.actor import Right, Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.queries import parties
from market.approvals import queries as approvals
from market.kit.clock import now
from market.kit.db import transaction
from market.kit.ids import encode
from market.kit.pages import Form, format_fen, read_form
from market.kit.paging import page_of
from market.kit.words import _, say
from market.payments import chargebacks, debts, queries, recovering
from market.payments.blueprints import pages as bp
from market.payments.chargeback_pages import why
from market.payments.chargebacks import Chargeback
from market.payments.checks import shortfall
from market.payments.debts import CAUSES, WAYS, Debt
from market.payments.policy import may_recover
from market.payments.schemas import ReversalFormSchema, WriteOffFormSchema


def _words() -> dict[str, Any]:
    return {
        "causes": {cause.value: say(text) for cause, text in CAUSES.items()},
        "ways": {way.value: say(text) for way, text in WAYS.items()},
    }


@bp.get("/m/debts")
@hat(Role.MERCHANT)
def merchant_debts() -> Any:
    require(current_actor().may(Right.PAY))
    return _own()


@bp.get("/u/debts")
@hat(Role.CREATOR)
def creator_debts() -> Any:
    require(current_actor().may(Right.CASH))
    return _own()


@bp.get("/a/debts")
@hat(Role.AGENCY)
def agency_debts() -> Any:
    require(current_actor().may(Right.CASH))
    return _own()


def _own() -> Any:
    actor = current_actor()
    found = page_of(debts.visible_to(actor), Debt.id, limit=20, cursor=request.args.get("cursor"))
    return render_template(
        "payments/debts.html",
        owed_fen=debts.owed_fen(cast(UUID, actor.party_id)),
        found=found,
        recoveries=debts.recoveries_of([debt.id for debt in found]),
        disputes=page_of(chargebacks.visible_to(actor), Chargeback.id, limit=20),
        why=why,
        is_merchant=actor.role is Role.MERCHANT,
        cap_fen=debts.cap_fen(debts.account_of(cast(UUID, actor.party_id))),
        base="/a" if actor.role is Role.AGENCY else "/u",
        next_url=f"?cursor={found.next_cursor}" if found.next_cursor else None,
        **_words(),
    )


@bp.get("/ops/debts")
@hat(Role.OPERATOR)
def debt_desk() -> Any:
    """Oldest first: age is what matters."""
    actor = current_actor()
    require(may_recover(actor))
    rows = debts.visible_to(actor).where(Debt.open_fen > 0)
    found = page_of(rows, Debt.id, limit=30, cursor=request.args.get("cursor"))
    return render_template(
        "payments/debt_desk.html",
        found=found,
        names=parties(debt.party_id for debt in found),
        ages={debt.id: (now() - debt.created_at).days for debt in found},
        short=shortfall(),
        next_url=f"?cursor={found.next_cursor}" if found.next_cursor else None,
        **_words(),
    )


@bp.get("/ops/debts/<pid('dbt'):debt_id>")
@hat(Role.OPERATOR)
def debt(debt_id: UUID) -> Any:
    return _one(debt_id, Form())


def _one(debt_id: UUID, form: Form) -> Any:
    actor = current_actor()
    require(may_recover(actor))
    found = debts.find_visible(debt_id, actor)
    transfers: Sequence[Any] = recovering.reversible(found.party_id) if found.open_fen else []
    page = render_template(
        "payments/debt.html",
        debt=found,
        who=parties([found.party_id])[found.party_id],
        age=(now() - found.created_at).days,
        recoveries=debts.recoveries_of([found.id])[found.id],
        asked=approvals.of_subject(found.id),
        acts={recovering.WRITE_OFF: _("核销欠款"), recovering.REVERSE: _("从收款账户收回欠款")},
        transfers=[
            (encode("wdr", withdrawal.id), f"{withdrawal.transfer_id} · {format_fen(left)}")
            for withdrawal, left in transfers
        ],
        form=form,
        **_words(),
    )
    return page, form.status


@bp.post("/ops/debts/<pid('dbt'):debt_id>/write-off")
@hat(Role.OPERATOR)
def ask_write_off(debt_id: UUID) -> Any:
    actor = current_actor()
    require(may_recover(actor))
    form = read_form(WriteOffFormSchema())
    with form.attempt():
        given = form.data
        with transaction():
            found = debts.find_visible(debt_id, actor)
            asked = recovering.ask_write_off(found, given["amount"], reason=given["reason"], by=actor)
        return _asked(asked.id)
    return _one(debt_id, form)


@bp.post("/ops/debts/<pid('dbt'):debt_id>/reversal")
@hat(Role.OPERATOR)
def ask_reversal(debt_id: UUID) -> Any:
    actor = current_actor()
    require(may_recover(actor))
    form = read_form(ReversalFormSchema())
    with form.attempt():
        given = form.data
        with transaction():
            found = debts.find_visible(debt_id, actor)
            withdrawal = queries.find_withdrawal(given["withdrawal"], actor)
            asked = recovering.ask_reversal(
                found, withdrawal, given["amount"], reason=given["reason"], by=actor
            )
        return _asked(asked.id)
    return _one(debt_id, form)


def _asked(approval_id: UUID) -> Any:
    flash(_("申请已提出，等另一位同事审批。"), "success")
    return redirect(url_for("approvals.one", approval_id=approval_id), 303)
