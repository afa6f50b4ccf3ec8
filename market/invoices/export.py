"""Lines of the ledger as CSV, written while they are read: UTF-8 with a mark for Excel, and no cell that is a formula."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine, Select, text
from sqlalchemy.orm import Session

from market.invoices.lines import lines
from market.invoices.models import Document, DocumentKind
from market.invoices.words import MOVEMENTS, kind_name
from market.kit import ids
from market.kit.db import db
from market.kit.words import _
from market.orders.models import BOOKKEEPING_ZONE

BOM = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cell(value: str) -> str:
    """A text that a spreadsheet shows and does not run."""
    return "'" + value if value.startswith(FORMULA) else value


def amount(fen: int) -> str:
    """A number a spreadsheet can add up."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"


def of_party(party_id: UUID, since: datetime, until: datetime) -> Iterator[str]:
    """What each posting changed for the party."""
    head = [_("时间"), _("事项"), _("订单号"), _("金额（元）"), _("余额（元）"), _("通道编号"), _("分录编号")]
    return _written(head, _lines(db.engine, party_id, since, until))


def _lines(engine: Engine, party_id: UUID, since: datetime, until: datetime) -> Iterator[list[str]]:
    """On a connection of its own: the request is over while the file is still being written."""
    with engine.connect() as connection:
        for line in lines(party_id, since, until, on=connection):
            yield [
                _moment(line.at),
                MOVEMENTS.get(line.kind.value, line.kind.value),
                line.order,
                amount(line.fen),
                amount(line.balance_fen),
                cell(line.ref),
                ids.encode("pst", line.posting_id),
            ]


LEGS = """
    SELECT p.id, p.kind, p.effective_at, p.currency, p.source_type, p.source_id, p.external_ref, p.idem_key, t.leg,
        t.amount, d.kind AS debit, d.owner_id AS debit_owner, c.kind AS credit, c.owner_id AS credit_owner
    FROM ledger_postings p JOIN ledger_transfers t ON t.posting_id = p.id
    JOIN ledger_accounts d ON d.id = t.debit_id JOIN ledger_accounts c ON c.id = t.credit_id
    WHERE p.effective_at >= :since AND p.effective_at < :until
    ORDER BY p.effective_at, p.id, t.leg"""


def of_ledger(since: datetime, until: datetime) -> Iterator[str]:
    """Every leg of every posting: for the accountant."""
    head = [_("时间"), _("分录编号"), _("分录类型"), _("行"), _("借方"), _("借方归属"), _("贷方"), _("贷方归属"),
            _("金额"), _("币种"), _("来源"), _("来源编号"), _("通道编号"), _("幂等键")]  # fmt: skip
    return _written(head, _legs(db.engine, since, until))


def _legs(engine: Engine, since: datetime, until: datetime) -> Iterator[list[str]]:
    with engine.connect() as connection:
        given = {"since": since, "until": until}
        for row in connection.execute(text(LEGS), given, execution_options={"yield_per": 1000}):
            yield [
                _moment(row.effective_at),
                ids.encode("pst", row.id),
                row.kind,
                str(row.leg),
                row.debit,
                _owner(row.debit_owner),
                row.credit,
                _owner(row.credit_owner),
                amount(row.amount),
                row.currency,
                row.source_type,
                str(row.source_id),
                cell(row.external_ref or ""),
                cell(row.idem_key),
            ]


def of_papers(seen: Select[Document], since: datetime, until: datetime) -> Iterator[str]:
    """One line for each paper of this time, oldest first."""
    head = [_("出具时间"), _("编号"), _("种类"), _("订单号"), _("月份"), _("金额（元）"), _("冲减账单")]
    names = {kind: kind_name(kind) for kind in DocumentKind}
    return _written(head, _papers(db.engine, seen, since, until, names))


def _papers(
    engine: Engine, seen: Select[Document], since: datetime, until: datetime, names: dict[DocumentKind, str]
) -> Iterator[list[str]]:
    rows = seen.where(Document.issued_at >= since, Document.issued_at < until).order_by(Document.id)
    with Session(engine) as session:
        for paper in session.scalars(rows, execution_options={"yield_per": 1000}):
            yield [
                _moment(paper.issued_at),
                paper.number,
                names[paper.kind],
                paper.content.get("order", ""),
                paper.period or "",
                amount(paper.signed_fen),
                paper.content.get("corrects", ""),
            ]


def _moment(at: datetime) -> str:
    return f"{at.astimezone(BOOKKEEPING_ZONE):%Y-%m-%d %H:%M:%S}"


def _owner(owner: UUID) -> str:
    return str(owner) if owner.int else ""


def _written(head: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """The file in pieces of some hundred rows."""
    out = io.StringIO()
    table = csv.writer(out)
    out.write(BOM)
    table.writerow(head)
    for count, row in enumerate(rows, 1):
        table.writerow(row)
        if count % 200 == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()
