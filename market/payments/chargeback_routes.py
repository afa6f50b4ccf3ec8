"""JSON: chargebacks and the answer to them."""

import base64
import binascii
from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.kit.db import transaction
from market.kit.pages import words_of_size
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.payments import chargebacks, evidence, outbox
from market.payments.blueprints import api as bp
from market.payments.chargebacks import Chargeback
from market.payments.errors import BadEvidenceFile
from market.payments.evidence_files import MOST_BYTES, Slot
from market.payments.policy import may_submit_evidence
from market.payments.schemas import (
    ChargebackDetailSchema,
    ChargebackSchema,
    EvidenceUploadSchema,
    StatementSchema,
)


def _detail(found: Chargeback) -> dict[str, Any]:
    """With the reader's own side's words and files; operators see everybody's files."""
    actor = current_actor()
    files = [f for f in evidence.files_of(found.id) if actor.is_operator or actor.is_party(f.by_party)]
    return {name: getattr(found, name) for name in ChargebackSchema().fields} | {
        "statement": found.statement if actor.is_operator else found.payer_statement,
        "files": files,
    }


@bp.get("/chargebacks")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(ChargebackSchema))
def list_chargebacks(query: dict[str, Any]) -> Page[Chargeback]:
    """One's own payments that a bank disputes; operators see all."""
    return page_of(chargebacks.visible_to(current_actor()), Chargeback.id, **query)


@bp.get("/chargebacks/<pid('cbk'):chargeback_id>")
@bp.response(200, ChargebackDetailSchema)
def get_chargeback(chargeback_id: UUID) -> dict[str, Any]:
    return _detail(chargebacks.find_visible(chargeback_id, current_actor()))


@bp.put("/chargebacks/<pid('cbk'):chargeback_id>/statement")
@bp.arguments(StatementSchema)
@bp.response(200, ChargebackDetailSchema)
def put_statement(given: dict[str, Any], chargeback_id: UUID) -> dict[str, Any]:
    """Keep one's words for the bank; an operator sends them."""
    actor = current_actor()
    with transaction():
        found = chargebacks.find_visible(chargeback_id, actor, lock=True)
        evidence.write(found, given["statement"], by=actor)
    return _detail(found)


@bp.post("/chargebacks/<pid('cbk'):chargeback_id>/files")
@bp.arguments(EvidenceUploadSchema)
@bp.response(201, ChargebackDetailSchema)
def create_evidence_file(given: dict[str, Any], chargeback_id: UUID) -> dict[str, Any]:
    """Add a file; the one in the same slot is replaced."""
    actor = current_actor()
    try:
        content = base64.b64decode(given["content"], validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise BadEvidenceFile(field="content", most=words_of_size(MOST_BYTES)) from wrong
    with transaction():
        found = chargebacks.find_visible(chargeback_id, actor, lock=True)
        call = evidence.add_file(found, Slot(given["slot"]), given["filename"], content, by=actor)
    outbox.send(call)
    return _detail(chargebacks.find_visible(chargeback_id, actor))


@bp.delete("/chargebacks/<pid('cbk'):chargeback_id>/files/<pid('evf'):file_id>")
@bp.response(200, ChargebackDetailSchema)
def delete_evidence_file(chargeback_id: UUID, file_id: UUID) -> dict[str, Any]:
    actor = current_actor()
    with transaction():
        found = chargebacks.find_visible(chargeback_id, actor, lock=True)
        evidence.remove_file(found, file_id, by=actor)
    return _detail(found)


@bp.post("/chargebacks/<pid('cbk'):chargeback_id>/submission")
@bp.response(201, ChargebackDetailSchema)
def create_submission(chargeback_id: UUID) -> dict[str, Any]:
    """Send everything to the bank: once, by an operator."""
    actor = current_actor()
    with transaction():
        found = chargebacks.find_visible(chargeback_id, actor, lock=True)
        require(may_submit_evidence(actor))
        call = evidence.submit(found, by=actor)
    outbox.send(call)
    return _detail(chargebacks.find_visible(chargeback_id, actor))
