"""Answering a chargeback: words and files from both sides, sent to the bank once, by an operator."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from market.accounts.actor import SYSTEM, Actor
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.pages import words_of_size
from market.payments import calls, chargebacks
from market.payments.chargebacks import Chargeback
from market.payments.errors import (
    BadEvidenceFile,
    EvidenceClosed,
    EvidenceIncomplete,
    NoEvidence,
    StripeRefused,
)
from market.payments.evidence_files import MOST_BYTES, EvidenceFile, FileState, Slot, kind_of
from market.payments.params import evidence_params
from market.payments.views import Json, dispute_view

FILE, ANSWER = "evidence_file", "evidence"
"""The purposes of the calls to Stripe."""
TEXT_MOST = 20_000


def files_of(chargeback_id: UUID) -> Sequence[EvidenceFile]:
    """What was added and not taken away, oldest first."""
    return db.session.scalars(
        select(EvidenceFile)
        .where(EvidenceFile.chargeback_id == chargeback_id, EvidenceFile.state != FileState.REMOVED)
        .order_by(EvidenceFile.id)
        .execution_options(populate_existing=True)
    ).all()


def _require_open(found: Chargeback) -> None:
    if not found.takes_evidence:
        raise EvidenceClosed


def write(found: Chargeback, statement: str, *, by: Actor) -> None:
    """Keep the words of one side for the (locked) chargeback: the operators', or the payer's. Raises EvidenceClosed."""
    _require_open(found)
    if by.is_operator:
        found.statement = statement
    else:
        found.payer_statement = statement
    record("chargeback.evidence_written", found.id, by=by, by_operator=by.is_operator)


def add_file(found: Chargeback, slot: Slot, filename: str, content: bytes, *, by: Actor) -> UUID:
    """Keep a file and ask Stripe to take it; the one in its place goes. Returns the call, to send after the commit.

    Raises EvidenceClosed, BadEvidenceFile.
    """
    _require_open(found)
    kind = kind_of(content)
    if kind is None or not content or len(content) > MOST_BYTES or by.party_id is None:
        raise BadEvidenceFile(field="file", most=words_of_size(MOST_BYTES))
    for old in files_of(found.id):
        if old.slot is slot:
            _remove(old)
    made = EvidenceFile(
        chargeback_id=found.id,
        slot=slot,
        filename=filename[-120:] or "file",
        content_type=kind,
        size=len(content),
        content=content,
        by_party=by.party_id,
    )
    db.session.add(made)
    db.session.flush()
    record("chargeback.file_added", found.id, by=by, file=str(made.id), slot=slot.value)
    return calls.put(FILE, made.id, {"evidence_file": str(made.id)})


def remove_file(found: Chargeback, file_id: UUID, *, by: Actor) -> None:
    """Raises EvidenceClosed, NotFound; of a payer also for what is not his."""
    _require_open(found)
    mine = [f for f in files_of(found.id) if f.id == file_id and (by.is_operator or by.is_party(f.by_party))]
    if not mine:
        raise NotFound
    _remove(mine[0])
    record("chargeback.file_removed", found.id, by=by, file=str(file_id))


def _remove(file: EvidenceFile) -> None:
    file.state, file.content = FileState.REMOVED, None
    db.session.flush()


def submit(found: Chargeback, *, by: Actor) -> UUID:
    """Send everything to the bank, once; returns the call, to send after the commit.

    Raises EvidenceClosed, EvidenceIncomplete, NoEvidence.
    """
    _require_open(found)
    files = files_of(found.id)
    if any(f.state is not FileState.READY for f in files):
        raise EvidenceIncomplete
    words = "\n\n".join(filter(None, [found.statement, found.payer_statement]))
    if not files and not words:
        raise NoEvidence(field="statement")
    found.submitting_at, found.submit_error = now(), ""
    record("chargeback.submitting", found.id, by=by)
    return calls.put(
        ANSWER,
        found.id,
        evidence_params(
            chargeback_id=found.id,
            title=found.title,
            words=words,
            files={f.slot.value: str(f.file_id) for f in files},
        ),
        target=found.dispute_id,
        again=True,
    )


# Answers of Stripe to our calls, each in the transaction of the call's row.


def file_taken(file_id: UUID, body: Json) -> None:
    file = db.session.get(EvidenceFile, file_id, with_for_update=True, populate_existing=True)
    if file is not None and file.state is FileState.SENDING:
        file.state, file.file_id, file.content = FileState.READY, body["id"], None


def file_refused(file_id: UUID, refusal: StripeRefused) -> None:
    file = db.session.get(EvidenceFile, file_id, with_for_update=True, populate_existing=True)
    if file is not None and file.state is FileState.SENDING:
        file.state, file.error, file.content = FileState.REFUSED, refusal.code, None


def taken(chargeback_id: UUID, body: Json) -> None:
    found = chargebacks.find(chargeback_id, lock=True)
    found.submitted_at = found.submitted_at or now()
    record("chargeback.submitted", found.id, by=SYSTEM)
    chargebacks.apply(dispute_view(body))


def refused(chargeback_id: UUID, refusal: StripeRefused) -> None:
    """The bank's window is over, or Stripe found fault: it can be put right while there is time."""
    found = chargebacks.find(chargeback_id, lock=True)
    found.submitting_at, found.submit_error = None, refusal.code
    record("chargeback.submission_refused", found.id, by=SYSTEM, code=refusal.code)
