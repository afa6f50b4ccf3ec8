"""What comes in and goes out about documents."""

import re
from typing import Any

from marshmallow import ValidationError, fields, validates

from market.invoices.models import DocumentKind, FapiaoState
from market.invoices.periods import MONTH
from market.kit.schemas import Choice, Email, Fen, Instant, PageQuery, PublicId, Schema, Text
from market.kit.words import _

USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The letters of a unified social credit code (GB 32100-2015); its last one is a check digit modulo 31."""


class TaxNumber(Text):
    """A unified social credit code of 18 letters with a right check digit, or an old number of 15 or 20 digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=1, most=20, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        said = super()._deserialize(value, attr, data, **kwargs).upper().replace(" ", "")
        if re.fullmatch(r"\d{15}|\d{20}", said) or is_credit_code(said):
            return said
        raise ValidationError(_("这不是有效的税号，请核对统一社会信用代码（18 位）。"))


def is_credit_code(code: str) -> bool:
    """GB 32100-2015: weights are powers of 3 modulo 31."""
    if len(code) != 18 or any(letter not in USCC for letter in code):
        return False
    total = sum(USCC.index(letter) * pow(3, at, 31) for at, letter in enumerate(code[:17]))
    return USCC[(31 - total % 31) % 31] == code[17]


class Month(fields.String):
    """2026-11"""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"pattern": f"^{MONTH.pattern}$", **self.metadata}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        said = str(super()._deserialize(value, attr, data, **kwargs))
        if not MONTH.fullmatch(said):
            raise ValidationError(_("请填写月份，例如 2026-11。"))
        return said


class DocumentSchema(Schema):
    """A numbered paper. Numbers of a series (INV, RCP, STM, CRN) and year have no gap. `total_fen` of a credit note is
    what it takes from the invoice `corrects_id`."""

    id = PublicId("doc", required=True)
    number = fields.String(required=True)
    kind = fields.Enum(DocumentKind, by_value=True, required=True)
    order_id = PublicId("ord", required=True, allow_none=True)
    period = fields.String(required=True, allow_none=True)
    corrects_id = PublicId("doc", required=True, allow_none=True)
    total_fen = fields.Integer(required=True)
    issued_at = Instant(required=True)
    content = fields.Dict(keys=fields.String(), required=True)
    content_sha256 = fields.Function(
        lambda document: document.content_hash.hex(), required=True, metadata={"type": "string"}
    )
    pdf_sha256 = fields.Function(
        lambda document: document.pdf_hash.hex() if document.pdf_hash else None,
        required=True,
        metadata={"type": ["string", "null"], "description": "Of the PDF, once it was printed"},
    )


class DocumentQuery(PageQuery):
    kind = Choice([kind.value for kind in DocumentKind], load_default=None, allow_none=True)


class LinesQuery(Schema):
    month = Month(required=True)


class FapiaoSchema(Schema):
    id = PublicId("fap", required=True)
    state = fields.Enum(FapiaoState, by_value=True, required=True)
    party_id = PublicId("pty", required=True)
    title = fields.String(required=True)
    tax_number = fields.String(required=True)
    email = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    number = fields.String(required=True)
    link = fields.String(required=True)
    reason = fields.String(required=True)
    created_at = Instant(required=True)
    decided_at = Instant(required=True, allow_none=True)


class FapiaoAskSchema(Schema):
    """`amount_fen` is what you saw as available: when it has changed meanwhile, the request is refused."""

    title = Text(least=2, most=100, required=True)
    tax_number = TaxNumber(required=True)
    email = Email(required=True)
    amount_fen = Fen(required=True)


class FapiaoQuery(PageQuery):
    state = Choice([state.value for state in FapiaoState], load_default=None, allow_none=True)


class FapiaoIssueSchema(Schema):
    """The tax office's number (8 or 20 digits), and the https address of its file when there is one."""

    number = Text(least=8, most=20, required=True, metadata={"pattern": r"^(\d{8}|\d{20})$"})
    link = Text(most=500, load_default="")

    @validates("number")
    def _number(self, value: str, **kwargs: Any) -> None:
        if not re.fullmatch(r"\d{8}|\d{20}", value):
            raise ValidationError(_("发票号码是 8 位或 20 位数字。"))

    @validates("link")
    def _link(self, value: str, **kwargs: Any) -> None:
        if value and not re.fullmatch(r"https://[^\s\"'<>]+", value):
            raise ValidationError(_("请填写 https:// 开头的地址。"))


class FapiaoRefusalSchema(Schema):
    reason = Text(least=1, most=500, required=True)
