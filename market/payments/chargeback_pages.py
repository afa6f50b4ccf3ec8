"""Chargebacks as pages: the operators' list, and one dispute with its evidence, for operators and for the payer."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require, signed_in, wear_any
from market.accounts.queries import parties
from market.kit.db import transaction
from market.kit.pages import Form, read_form
from market.kit.paging import page_of
from market.kit.words import _, say
from market.ledger import queries as books
from market.payments import chargebacks, evidence, outbox
from market.payments.blueprints import pages as bp
from market.payments.chargebacks import REASONS, Chargeback, ChargebackState
from market.payments.errors import BadEvidenceFile
from market.payments.evidence_files import MOST_BYTES, SLOTS, Slot
from market.payments.policy import may_submit_evidence
from market.payments.schemas import StatementSchema

TABS = {
    "open": (ChargebackState.INQUIRY, ChargebackState.OPEN),
    "past": (ChargebackState.WON, ChargebackState.LOST),
}


def why(found: Chargeback) -> str:
    return say(REASONS[found.reason]) if found.reason in REASONS else found.reason


@bp.get("/ops/chargebacks")
@hat(Role.OPERATOR)
def chargeback_desk() -> Any:
    actor = current_actor()
    require(may_submit_evidence(actor))
    tab = request.args.get("tab") if request.args.get("tab") in TABS else "open"
    rows = chargebacks.visible_to(actor).where(Chargeback.state.in_(TABS[str(tab)]))
    found = page_of(rows, Chargeback.id, limit=20, cursor=request.args.get("cursor"))
    return render_template(
        "payments/chargebacks.html",
        tab=tab,
        found=found,
        names=parties(each.payer_id for each in found),
        why=why,
        next_url=url_for(".chargeback_desk", tab=tab, cursor=found.next_cursor)
        if found.next_cursor
        else None,
    )


@bp.get("/chargebacks/<pid('cbk'):chargeback_id>")
@signed_in
def chargeback(chargeback_id: UUID) -> Any:
    _wear(chargeback_id)
    return _one(chargeback_id, Form())


def _wear(chargeback_id: UUID) -> None:
    """The payer's hat, when the person has it: notices of all hats lead here."""
    found = chargebacks.known(chargeback_id)
    if found is not None:
        wear_any([found.payer_id])


def _one(chargeback_id: UUID, form: Form) -> Any:
    actor = current_actor()
    found = chargebacks.find_visible(chargeback_id, actor)
    files = [f for f in evidence.files_of(found.id) if actor.is_operator or actor.is_party(f.by_party)]
    page = render_template(
        "payments/chargeback.html",
        found=found,
        why=why(found),
        held_fen=books.balance(found.held),
        payer=parties([found.payer_id])[found.payer_id],
        files={file.slot.value: file for file in files},
        slots={slot.value: say(text) for slot, text in SLOTS.items()},
        statement=found.statement if actor.is_operator else found.payer_statement,
        may_submit=may_submit_evidence(actor),
        most_bytes=MOST_BYTES,
        form=form,
    )
    return page, form.status


def _back(chargeback_id: UUID) -> Any:
    return redirect(url_for(".chargeback", chargeback_id=chargeback_id), 303)


@bp.post("/chargebacks/<pid('cbk'):chargeback_id>/statement")
@signed_in
def write_statement(chargeback_id: UUID) -> Any:
    actor = current_actor()
    # What was emptied is meant to be empty; a form's empty field would be one that is missing.
    form = read_form(StatementSchema(), MultiDict({"statement": request.form.get("statement") or " "}))
    with form.attempt():
        words = form.data["statement"]
        with transaction():
            found = chargebacks.find_visible(chargeback_id, actor, lock=True)
            evidence.write(found, words, by=actor)
        flash(_("说明已保存。"), "success")
        return _back(chargeback_id)
    return _one(chargeback_id, form)


@bp.post("/chargebacks/<pid('cbk'):chargeback_id>/files")
@signed_in
def add_evidence(chargeback_id: UUID) -> Any:
    actor = current_actor()
    form = Form({"slot": request.form.get("slot", "")})
    with form.attempt():
        given = request.files.get("file")
        content = given.stream.read(MOST_BYTES + 1) if given else b""
        slot = next((each for each in Slot if each.value == request.form.get("slot")), None)
        if slot is None or given is None:
            raise BadEvidenceFile(most="5 MB")
        with transaction():
            found = chargebacks.find_visible(chargeback_id, actor, lock=True)
            call = evidence.add_file(found, slot, given.filename or "", content, by=actor)
        outbox.send(call)
        flash(_("文件已上传。"), "success")
        return _back(chargeback_id)
    return _one(chargeback_id, form)


@bp.post("/chargebacks/<pid('cbk'):chargeback_id>/files/<pid('evf'):file_id>/removal")
@signed_in
def remove_evidence(chargeback_id: UUID, file_id: UUID) -> Any:
    actor = current_actor()
    with transaction():
        found = chargebacks.find_visible(chargeback_id, actor, lock=True)
        evidence.remove_file(found, file_id, by=actor)
    flash(_("文件已删掉。"), "success")
    return _back(chargeback_id)


@bp.post("/chargebacks/<pid('cbk'):chargeback_id>/submission")
@hat(Role.OPERATOR)
def submit_evidence(chargeback_id: UUID) -> Any:
    actor = current_actor()
    require(may_submit_evidence(actor))
    form = Form()
    with form.attempt():
        with transaction():
            found = chargebacks.find_visible(chargeback_id, actor, lock=True)
            call = evidence.submit(found, by=actor)
        outbox.send(call)
        if chargebacks.find_visible(chargeback_id, actor).submitted_at:
            flash(_("证据已提交给银行，结果通常需要数周。"), "success")
        else:
            flash(_("证据正在提交给银行；支付服务没有马上答复，提交后这里会显示。"), "warning")
        return _back(chargeback_id)
    return _one(chargeback_id, form)
