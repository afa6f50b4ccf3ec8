"""Making documents: the number, the content and the fact of it in one transaction; printing is for later."""

import hashlib
import json
from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import SYSTEM, Role
from market.accounts.models import Party
from market.accounts.queries import find_party
from market.invoices import lines, queries
from market.invoices.models import SERIES, Document, DocumentCounter, DocumentKind
from market.invoices.periods import bounds
from market.invoices.seller import seller
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record
from market.ledger import queries as books
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import PostingKind
from market.orders import queries as orders
from market.orders.models import BOOKKEEPING_ZONE, Order
from market.orders.states import MilestoneState
from market.payments import queries as payments
from market.payments.states import CheckoutState
from market.subsidies import service as subsidies

PAGES = {Role.MERCHANT: "/m/documents", Role.CREATOR: "/u/documents", Role.AGENCY: "/a/documents"}


def documents_of_order(order_id: UUID) -> list[Document]:
    """An order that is over gets its receipt, and an invoice over the platform's fee if there was one; where less of
    the fee is left than was invoiced, a credit note over the difference.

    Safe to run twice and in any order, as it compares what was written with what is: each is made once. While a case
    holds money of a stage that was released, what its fee will be is not known: it waits for the decision.
    """
    order = orders.find(order_id, lock=True)
    if not order.is_over or order.funded_at is None or any(m.held_by for m in order.milestones):
        return []
    made = [_make(DocumentKind.RECEIPT, order.merchant_id, _receipt(order), order=order)]
    invoice = queries.invoice_of(order.id)
    if invoice is not None:
        made.append(_credit_note(order, invoice))
    elif sum(m.paid.fee for m in order.milestones):
        made.append(_make(DocumentKind.INVOICE, order.merchant_id, _invoice(order), order=order))
    return [document for document in made if document is not None]


def _credit_note(order: Order, invoice: Document) -> Document | None:
    """What of the invoice is not the platform's any more, stage by stage, less what earlier notes say of it."""
    written = Counter[tuple[str, str]]()
    for paper in (invoice, *queries.notes_of([invoice.id])):
        for row in paper.content["rows"]:
            for what in ("base_fen", "fee_fen"):
                written[row["stage"], what] += row[what] if paper is invoice else -row[what]
    rows: list[dict[str, Any]] = [
        {
            "stage": m.kind.value,
            "base_fen": written[m.kind.value, "base_fen"] - m.paid.total,
            "fee_fen": written[m.kind.value, "fee_fen"] - m.paid.fee,
        }
        for m in order.milestones
    ]
    rows = [row for row in rows if row["fee_fen"]]
    if not rows:
        return None
    content = _of_order(order) | {
        "corrects": invoice.number,
        "corrects_at": invoice.content["issued_at"],
        "fee_bps": order.fee_bps,
        "rows": rows,
        "total_fen": sum(row["fee_fen"] for row in rows),
    }
    return _make(DocumentKind.CREDIT_NOTE, order.merchant_id, content, order=order, corrects=invoice)


def statement(party_id: UUID, month: str) -> Document | None:
    """The party's month, once it is over; None when nothing moved, or when it was made before."""
    since, until = bounds(month)
    if until > now() or not lines.moved(party_id, since, until):
        return None
    if _found(DocumentKind.STATEMENT, party_id=party_id, period=month) is not None:
        return None
    return _make(DocumentKind.STATEMENT, party_id, _statement(party_id, month), period=month)


def parties_with_money() -> list[UUID]:
    """Everybody who may get a statement."""
    roles = (Role.MERCHANT, Role.CREATOR, Role.AGENCY)
    return list(db.session.scalars(select(Party.id).where(Party.role.in_(roles)).order_by(Party.id)))


# What stands on them: plain JSON, amounts in fen, times as the books write them.


def _receipt(order: Order) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {
            "stage": m.kind.value,
            "amount_fen": m.amount_fen,
            "released_fen": m.released_fen - m.reversed_fen,
            "returned_fen": m.returned_fen + m.reversed_fen,
            "state": m.state.value,
        }
        for m in order.milestones
        if m.funded_at is not None or m.state is MilestoneState.RELEASED
    ]
    granted = subsidies.grant_of(order.id)
    return _of_order(order) | {
        "payments": _payments(order),
        "rows": rows,
        "total_fen": sum(row["amount_fen"] for row in rows),
        "released_fen": sum(row["released_fen"] for row in rows),
        "returned_fen": sum(row["returned_fen"] for row in rows),
        "subsidy_back_fen": granted.returned_fen if granted else 0,
    }


def _payments(order: Order) -> list[dict[str, Any]]:
    """Where the money of the order came from, oldest first: charges, the merchant's wallet, the platform's subsidy."""
    found = [
        (c.paid_at, c.received_fen or c.amount_fen, c.method, c.charge_id or "")
        for c in payments.checkouts_of(order.id)
        if c.state is CheckoutState.PAID
    ]
    escrow = Account(AccountKind.ESCROW_UNALLOCATED, order.id)
    found += [
        (entry.at, entry.change(escrow), entry.kind.value, "")
        for entry in books.postings_of("order", order.id)
        if entry.kind in (PostingKind.FUND, PostingKind.PROMOTION)
    ]
    found.sort(key=lambda each: (each[0] or order.awarded_at, each[2]))
    return [{"at": _at(at), "fen": fen, "method": method, "ref": ref} for at, fen, method, ref in found]


def _invoice(order: Order) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {"stage": m.kind.value, "base_fen": m.released_fen - m.reversed_fen, "fee_fen": m.paid.fee}
        for m in order.milestones
        if m.paid.fee
    ]
    return _of_order(order) | {
        "fee_bps": order.fee_bps,
        "rows": rows,
        "total_fen": sum(row["fee_fen"] for row in rows),
    }


def _of_order(order: Order) -> dict[str, Any]:
    return {
        "buyer": find_party(order.merchant_id).name,
        "order": order.number,
        "title": order.title,
        "awarded_at": _at(order.awarded_at),
        "ended_at": _at(order.ended_at),
    }


def _statement(party_id: UUID, month: str) -> dict[str, Any]:
    since, until = bounds(month)
    party = find_party(party_id)
    opening = lines.balance_before(party_id, since)
    rows: list[dict[str, Any]] = [
        {
            "at": _at(line.at),
            "kind": line.kind.value,
            "order": line.order,
            "fen": line.fen,
            "balance_fen": line.balance_fen,
        }
        for line in lines.lines(party_id, since, until)
    ]
    came = sum(row["fen"] for row in rows if row["fen"] > 0)
    went = sum(row["fen"] for row in rows if row["fen"] < 0)
    return {
        "buyer": party.name,
        "role": party.role.value,
        "month": month,
        "opening_fen": opening,
        "in_fen": came,
        "out_fen": went,
        "total_fen": opening + came + went,
        "rows": rows,
        "papers": [
            {
                "at": _at(paper.issued_at),
                "number": paper.number,
                "kind": paper.kind.value,
                "order": paper.content["order"],
                "corrects": paper.content.get("corrects", ""),
                "fen": paper.signed_fen,
            }
            for paper in queries.of_fees(party_id, since, until)
        ],
    }


def _at(moment: Any) -> str:
    return f"{moment.astimezone(BOOKKEEPING_ZONE):%Y-%m-%d %H:%M}" if moment else ""


# The number.


def _make(
    kind: DocumentKind,
    party_id: UUID,
    content: dict[str, Any],
    *,
    order: Order | None = None,
    period: str | None = None,
    corrects: Document | None = None,
) -> Document | None:
    """Give the next number of the series to this content; None when there is such a document already.

    The counter's row is locked until the commit: numbers come in the order of commits, without gap, without twin.
    """
    order_id = order.id if order else None
    issued_at = now()
    year = issued_at.astimezone(BOOKKEEPING_ZONE).year
    count = _next(SERIES[kind], year)
    if corrects is None and _found(kind, party_id=party_id, order_id=order_id, period=period) is not None:
        _give_back(SERIES[kind], year)
        return None
    content = content | {"seller": seller(), "issued_at": _at(issued_at)}
    made = Document(
        kind=kind,
        series=SERIES[kind],
        year=year,
        count=count,
        party_id=party_id,
        order_id=order_id,
        period=period,
        corrects_id=corrects.id if corrects else None,
        total_fen=content["total_fen"],
        content=content,
        content_hash=hash_of(content),
        issued_at=issued_at,
    )
    db.session.add(made)
    db.session.flush()
    record(
        "document.issued",
        made.id,
        by=SYSTEM,
        audience=[party_id],
        kind=kind.value,
        number=made.number,
        amount_fen=made.total_fen,
        url=PAGES[find_party(party_id).role],
    )
    return made


def _next(series: str, year: int) -> int:
    row = insert(DocumentCounter).values(series=series, year=year, last=1)
    row_ = row.on_conflict_do_update(
        index_elements=["series", "year"], set_={"last": DocumentCounter.last + 1}
    )
    return int(db.session.execute(row_.returning(DocumentCounter.last)).scalar_one())


def _give_back(series: str, year: int) -> None:
    """Nobody else saw the number: the counter is still locked."""
    counter = db.session.get(DocumentCounter, (series, year), with_for_update=True, populate_existing=True)
    assert counter is not None
    counter.last -= 1
    db.session.flush()


def _found(
    kind: DocumentKind, *, party_id: UUID, order_id: UUID | None = None, period: str | None = None
) -> UUID | None:
    rows = select(Document.id).where(Document.kind == kind)
    if order_id is not None:
        return db.session.scalar(rows.where(Document.order_id == order_id))
    return db.session.scalar(rows.where(Document.party_id == party_id, Document.period == period))


def hash_of(content: dict[str, Any]) -> bytes:
    """SHA-256 of the canonical JSON; survives the round trip through jsonb."""
    written = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode()).digest()
