"""Printing a document: the same content gives the same bytes, with the letters it uses embedded and no others."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fpdf import FPDF, XPos, YPos

from market.invoices.models import Document, DocumentKind
from market.invoices.service import hash_of
from market.invoices.words import METHODS, MOVEMENTS, PAPERS, STAGES, TITLES
from market.kit.db import db, transaction

FONT = Path(str(files("noto_cjk_sans_otc") / "NotoSansCJK-Regular.ttc"))
SIMPLIFIED = 2
"""The face of the collection that draws Han letters as the mainland writes them."""
INK, GREY, RULE = (28, 28, 33), (100, 100, 108), (214, 214, 220)
MARGIN_MM, LINE_MM = 16, 6.4

Column = tuple[str, float, bool]
"""Heading, width in mm, whether it holds amounts."""


def pdf_of(document: Document) -> bytes:
    """The document's bytes: printed once and kept; not inside a transaction. Raises ValueError if the content changed."""
    if document.pdf is not None:
        return document.pdf
    if hash_of(document.content) != document.content_hash:
        raise ValueError(f"{document.number}: the content is not what was issued")
    printed = render(document.kind, document.number, document.content)
    document_id = document.id
    db.session.rollback()
    with transaction():
        kept = db.session.get(Document, document_id, with_for_update=True, populate_existing=True)
        assert kept is not None
        if kept.pdf is None:
            kept.pdf, kept.pdf_hash = printed, hashlib.sha256(printed).digest()
        found: bytes = kept.pdf
    return found


def render(kind: DocumentKind, number: str, content: dict[str, Any]) -> bytes:
    """A4, as many pages as it needs."""
    paper = _Paper(number, kind, content)
    BODIES[kind](paper, content)
    paper.total(content)
    return bytes(paper.output())


class _Paper(FPDF):
    def __init__(self, number: str, kind: DocumentKind, content: dict[str, Any]) -> None:
        super().__init__(format="A4")
        self.number = number
        self.heading = TITLES[kind]
        self.seller = content["seller"]
        self.set_margins(MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(True, margin=22)
        # Nothing of this machine or moment: the bytes depend on the content alone.
        issued = datetime.strptime(content["issued_at"], "%Y-%m-%d %H:%M").replace(
            tzinfo=ZoneInfo("Asia/Shanghai")
        )
        self.set_creation_date(issued.astimezone(UTC))
        self.set_title(f"{number} {self.heading[0]}")
        self.set_author(self.seller["name"])
        self.set_lang("zh-CN")
        self.add_font("noto", fname=FONT, collection_font_number=SIMPLIFIED)
        self.add_page()
        self._intro(content)

    def header(self) -> None:
        self.set_font("noto", size=16)
        self.set_text_color(*INK)
        self.cell(0, 9, self.heading[0], new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_font("noto", size=9)
        self.set_text_color(*GREY)
        self.cell(90, 5, self.heading[1])
        self.cell(0, 5, self.number, align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._rule()
        self.ln(3)

    def footer(self) -> None:
        self.set_y(-16)
        self.set_font("noto", size=8)
        self.set_text_color(*GREY)
        self.cell(120, 5, self.seller["name"])
        self.cell(0, 5, f"第 {self.page_no()} 页 Page {self.page_no()}", align="R")

    def _rule(self) -> None:
        self.set_draw_color(*RULE)
        self.line(MARGIN_MM, self.get_y() + 1, self.w - MARGIN_MM, self.get_y() + 1)
        self.ln(2)

    def _intro(self, content: dict[str, Any]) -> None:
        self.fact("开具方 Issuer", " ".join(filter(None, self.seller.values())))
        self.fact("客户 Customer", content["buyer"])
        self.fact("日期 Date", content["issued_at"] + " (UTC+8)")
        if "order" in content:
            self.fact("订单 Order", content["order"])
            self.fact("标题 Title", content["title"])
            self.fact("完结 Ended", content["ended_at"])
        if "corrects" in content:
            self.fact("冲减账单 Corrects", f"{content['corrects']} ({content['corrects_at']})")
        if "month" in content:
            self.fact("月份 Month", content["month"])
        self.ln(3)

    def fact(self, label: str, value: str) -> None:
        self.set_font("noto", size=9)
        self.set_text_color(*GREY)
        self.cell(38, LINE_MM, label)
        self.set_text_color(*INK)
        self.multi_cell(0, LINE_MM, value or "—", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def ruled(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        self._heads(columns)
        for row in rows:
            if self.will_page_break(LINE_MM):
                self.add_page()
                self._heads(columns)
            self.set_text_color(*INK)
            for (_, width, amount), text in zip(columns, row, strict=True):
                self.cell(width, LINE_MM, self._fit(text, width), align="R" if amount else "L")
            self.ln(LINE_MM)
        self._rule()

    def _heads(self, columns: Sequence[Column]) -> None:
        self.set_font("noto", size=8)
        self.set_text_color(*GREY)
        for heading, width, amount in columns:
            self.cell(width, LINE_MM, heading, align="R" if amount else "L")
        self.ln(LINE_MM)
        self._rule()
        self.set_font("noto", size=9)

    def _fit(self, text: str, width: float) -> str:
        if self.get_string_width(text) <= width - 2:
            return text
        while text and self.get_string_width(text + "…") > width - 2:
            text = text[:-1]
        return text + "…"

    def sum_line(self, label: str, fen: int) -> None:
        self.set_font("noto", size=9)
        self.set_text_color(*GREY)
        self.cell(128, LINE_MM, label, align="R")
        self.set_text_color(*INK)
        self.cell(0, LINE_MM, yuan(fen), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def total(self, content: dict[str, Any]) -> None:
        self.set_font("noto", size=12)
        self.set_text_color(*INK)
        label = "期末余额 Closing balance" if "month" in content else "合计 Total"
        if "corrects" in content:
            label = "冲减合计 Total credited"
        self.cell(128, 9, label, align="R")
        self.cell(0, 9, yuan(content["total_fen"]), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _receipt(paper: _Paper, content: dict[str, Any]) -> None:
    paper.ruled(
        [("付款时间 Paid at", 44, False), ("方式 Method", 44, False), ("流水号 Reference", 55, False),
         ("金额 Amount", 35, True)],
        [
            (each["at"], METHODS.get(each["method"], each["method"]), each["ref"], yuan(each["fen"]))
            for each in content["payments"]
        ],
    )  # fmt: skip
    paper.ln(3)
    paper.ruled(
        [("阶段 Stage", 58, False), ("金额 Amount", 40, True), ("已放款 Released", 40, True),
         ("已退回 Returned", 40, True)],
        [
            (STAGES.get(row["stage"], row["stage"]), yuan(row["amount_fen"]), yuan(row["released_fen"]),
             yuan(row["returned_fen"]))
            for row in content["rows"]
        ],
    )  # fmt: skip
    paper.sum_line("已放款 Released", content["released_fen"])
    paper.sum_line("已退回 Returned", content["returned_fen"])
    if content.get("subsidy_back_fen"):  # receipts made before it was written do not say it
        paper.sum_line("其中补贴收回 Of it subsidy", content["subsidy_back_fen"])


def _invoice(paper: _Paper, content: dict[str, Any]) -> None:
    rate = f"{content['fee_bps'] / 100:g}%"
    paper.ruled(
        [("项目 Item", 78, False), ("放款额 Released", 35, True), ("费率 Rate", 25, True), ("服务费 Fee", 40, True)],
        [
            (f"平台服务费 {STAGES.get(row['stage'], row['stage'])}", yuan(row["base_fen"]), rate,
             yuan(row["fee_fen"]))
            for row in content["rows"]
        ],
    )  # fmt: skip
    paper.set_font("noto", size=8)
    paper.set_text_color(*GREY)
    paper.multi_cell(
        0, 5, "服务费已含在订单款内，随放款收取，无需另付。Included in the order's price and taken at each release; nothing is due.",
        new_x=XPos.LMARGIN, new_y=YPos.NEXT,
    )  # fmt: skip


def _credit_note(paper: _Paper, content: dict[str, Any]) -> None:
    rate = f"{content['fee_bps'] / 100:g}%"
    paper.ruled(
        [("项目 Item", 78, False), ("退回额 Taken back", 35, True), ("费率 Rate", 25, True),
         ("冲减服务费 Fee credited", 40, True)],
        [
            (f"平台服务费 {STAGES.get(row['stage'], row['stage'])}", yuan(row["base_fen"]), rate,
             yuan(row["fee_fen"]))
            for row in content["rows"]
        ],
    )  # fmt: skip
    paper.set_font("noto", size=8)
    paper.set_text_color(*GREY)
    paper.multi_cell(
        0, 5, "账单出具后放款被退回，平台按比例退回服务费；款项随退款返还，无需另领。Issued because released money was taken back;"
        " the fee went back with it, nothing more is due.",
        new_x=XPos.LMARGIN, new_y=YPos.NEXT,
    )  # fmt: skip


def _statement(paper: _Paper, content: dict[str, Any]) -> None:
    paper.sum_line("期初余额 Opening balance", content["opening_fen"])
    paper.ruled(
        [("时间 Time", 32, False), ("事项 Movement", 52, False), ("订单 Order", 38, False),
         ("金额 Amount", 28, True), ("余额 Balance", 28, True)],
        [
            (row["at"], MOVEMENTS.get(row["kind"], row["kind"]), row["order"], yuan(row["fen"]),
             yuan(row["balance_fen"]))
            for row in content["rows"]
        ],
    )  # fmt: skip
    paper.sum_line("收入合计 In", content["in_fen"])
    paper.sum_line("支出合计 Out", content["out_fen"])
    if content.get("papers"):
        paper.ln(3)
        paper.ruled(
            [("服务费单据 Fee documents", 44, False), ("种类 Kind", 40, False), ("订单 Order", 38, False),
             ("冲减 Corrects", 32, False), ("金额 Amount", 24, True)],
            [
                (row["number"], PAPERS[row["kind"]], row["order"], row["corrects"], yuan(row["fen"]))
                for row in content["papers"]
            ],
        )  # fmt: skip


BODIES = {
    DocumentKind.RECEIPT: _receipt,
    DocumentKind.INVOICE: _invoice,
    DocumentKind.STATEMENT: _statement,
    DocumentKind.CREDIT_NOTE: _credit_note,
}


def yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}¥{abs(fen) // 100:,}.{abs(fen) % 100:02}"
