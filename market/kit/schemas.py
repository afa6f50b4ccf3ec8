"""marshmallow with our own words: one validation for JSON, forms and CSV rows."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import marshmallow as ma
from flask_babel import get_timezone
from marshmallow import ValidationError, fields

from market.kit import ids
from market.kit.words import _, lazy

fields.Field.default_error_messages |= {
    "required": lazy("请填写这一项。"),
    "null": lazy("这一项不能为空。"),
    "validator_failed": lazy("这一项的内容不对。"),
}
fields.String.default_error_messages |= {
    "invalid": lazy("请填写文字。"),
    "invalid_utf8": lazy("请使用 UTF-8 编码的文字。"),
}
fields.Integer.default_error_messages |= {"invalid": lazy("请填写整数。"), "too_large": lazy("数字太大。")}
fields.Number.default_error_messages |= {"invalid": lazy("请填写数字。"), "too_large": lazy("数字太大。")}
fields.Boolean.default_error_messages |= {"invalid": lazy("请填写 true 或 false。")}
fields.DateTime.default_error_messages |= {"invalid": lazy("请填写正确的时间。")}
fields.List.default_error_messages |= {"invalid": lazy("请填写一个列表。")}
fields.Nested.default_error_messages |= {"type": lazy("这一项的结构不对。")}
fields.Mapping.default_error_messages |= {"invalid": lazy("这一项的结构不对。")}
fields.Enum.default_error_messages |= {"unknown": lazy("请选择：{choices}。")}

MAX_FEN = 10_000_000_00
"""¥10,000,000: the largest amount one brief, bid or price may name."""


class Schema(ma.Schema):
    """Unknown fields are refused (no mass assignment), order is kept."""

    class Meta:
        unknown = ma.RAISE

    error_messages = {
        "unknown": lazy("没有这一项。"),
        "type": lazy("请提交一个 JSON 对象。"),
    }


class Text(fields.String):
    """A trimmed line or paragraph of `least`..`most` characters; control characters are refused."""

    def __init__(self, *, least: int = 0, most: int = 200, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most
        self.metadata = {"minLength": least, **self.metadata}
        self.metadata = {"maxLength": most, **self.metadata}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        said = str(super()._deserialize(value, attr, data, **kwargs)).strip().replace("\r\n", "\n")
        if re.search(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", said):
            raise ValidationError(_("含有不能使用的控制字符。"))
        if len(said) < self.least:
            raise ValidationError(
                _("请填写这一项。") if not said else _("至少 %(least)s 个字。", least=self.least)
            )
        if len(said) > self.most:
            raise ValidationError(_("最多 %(most)s 个字，现在是 %(n)s 个。", most=self.most, n=len(said)))
        return said


class Email(Text):
    """An e-mail address as people write it; lower case, at most 254 characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(least=3, most=254, **kwargs)
        self.metadata = {"format": "email", **self.metadata}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        address = super()._deserialize(value, attr, data, **kwargs).lower()
        if not re.fullmatch(r"[^@\s\"'<>(),;:\\]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+", address):
            raise ValidationError(_("请填写正确的邮箱地址。"))
        return address


NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?")


def plain_number(text: str) -> str:
    """A number as people write it, without the commas between thousands: "1,5" is none, and neither is "1e3".

    Raises ValueError.
    """
    text = text.replace("，", ",")
    if not NUMBER.fullmatch(text):
        raise ValueError(text)
    return text.replace(",", "")


class Whole(fields.Integer):
    """A whole number between `least` and `most`, both included. JSON numbers only as whole numbers."""

    def __init__(self, *, least: int = 0, most: int = 2**31 - 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most
        self.metadata = {"minimum": least, **self.metadata}
        self.metadata = {"maximum": most, **self.metadata}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
            raise self.make_error("invalid")
        try:
            number = int(value) if not isinstance(value, str) else int(plain_number(value.strip()))
        except (TypeError, ValueError, OverflowError) as wrong:
            raise self.make_error("invalid") from wrong
        if not self.least <= number <= self.most:
            raise ValidationError(self.refusal(number))
        return number

    def refusal(self, number: int) -> str:
        return self.range_text()

    def range_text(self) -> str:
        return _("须在 %(least)s 到 %(most)s 之间。", least=f"{self.least:,}", most=f"{self.most:,}")


class Fen(Whole):
    """An amount in fen, at least one fen and at most MAX_FEN unless said otherwise."""

    def __init__(self, *, least: int = 1, most: int = MAX_FEN, **kwargs: Any) -> None:
        super().__init__(least=least, most=most, **kwargs)

    def refusal(self, number: int) -> str:
        return _("金额须大于 0。") if number < self.least == 1 else self.range_text()

    def range_text(self) -> str:
        return _(
            "金额须在 ¥%(least)s 到 ¥%(most)s 之间。",
            least=f"{self.least / 100:,.2f}",
            most=f"{self.most / 100:,.2f}",
        )


class Yuan(Fen):
    """What a person types in a form, `1,234.50`, read as fen."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else f"{Decimal(value) / 100:.2f}".removesuffix(".00")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        try:
            fen = Decimal(plain_number(str(value).strip().lstrip("¥￥").strip())) * 100
            if fen != fen.to_integral_value():
                raise ValidationError(_("金额最多两位小数。"))
        except (ArithmeticError, ValueError) as wrong:
            raise ValidationError(_("请填写金额，例如 1200 或 1200.50。")) from wrong
        if abs(fen) > 2**63:
            raise ValidationError(self.range_text())
        return super()._deserialize(int(fen), attr, data, **kwargs)


class Percent(Whole):
    """What a person types in a form, `12.5`, read as basis points."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else f"{Decimal(value) / 100:.2f}".rstrip("0").rstrip(".")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        try:
            bps = Decimal(str(value).strip().rstrip("%％ ").strip()) * 100
            if bps != bps.to_integral_value():
                raise ValidationError(_("百分比最多两位小数。"))
        except (ArithmeticError, ValueError) as wrong:
            raise ValidationError(_("请填写百分比，例如 15 或 12.5。")) from wrong
        if not bps.is_finite() or abs(bps) > 2**63:
            raise ValidationError(self.range_text())
        return super()._deserialize(int(bps), attr, data, **kwargs)

    def range_text(self) -> str:
        return _(
            "须在 %(least)s 到 %(most)s 之间。", least=f"{self.least / 100:g}%", most=f"{self.most / 100:g}%"
        )


class Instant(fields.AwareDateTime):
    """A moment: ISO 8601 with zone in JSON, aware UTC inside."""

    default_error_messages = {
        "invalid": lazy("请填写带时区的 ISO 8601 时间，例如 2026-11-11T00:00:00+08:00。"),
        "invalid_awareness": lazy("请填写带时区的 ISO 8601 时间，例如 2026-11-11T00:00:00+08:00。"),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            moment: datetime = super()._deserialize(value, attr, data, **kwargs).astimezone(UTC)
        except (OverflowError, AttributeError) as wrong:
            raise self.make_error("invalid", input=value, obj_type="datetime") from wrong
        if not 2000 <= moment.year <= 2100:
            raise self.make_error("invalid", input=value, obj_type="datetime")
        return moment


class LocalInstant(Instant):
    """A `datetime-local` input, read in the reader's zone."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value.astimezone(ZoneInfo(str(get_timezone()))).strftime("%Y-%m-%dT%H:%M") if value else None

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        try:
            naive = datetime.fromisoformat(str(value).strip())
        except ValueError as wrong:
            raise ValidationError(_("请填写日期和时间。")) from wrong
        zone = ZoneInfo(str(get_timezone()))
        aware = naive if naive.tzinfo else naive.replace(tzinfo=zone)
        return super()._deserialize(aware.isoformat(), attr, data, **kwargs)


class PublicId(fields.Field[UUID]):
    """A key as `prefix_base58` outside, a UUID inside."""

    default_error_messages = {"invalid": lazy("这不是一个有效的编号。")}

    def __init__(self, prefix: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.prefix = prefix
        self.metadata = {"type": "string", **self.metadata}
        self.metadata = {"pattern": f"^{prefix}_[1-9A-HJ-NP-Za-km-z]{{22}}$", **self.metadata}

    def _serialize(self, value: UUID | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return ids.encode(self.prefix, value) if value else None

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> UUID:
        try:
            return ids.decode(self.prefix, str(value))
        except ValueError as wrong:
            raise self.make_error("invalid") from wrong


class Choice(fields.String):
    """One of the values of a StrEnum or of a list read at call time."""

    def __init__(self, options: Callable[[], list[str]] | list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._options = options
        if isinstance(options, list):
            # What may be left out has null as its default, and the description must allow it.
            self.metadata = {"enum": [*options, *([None] if self.allow_none else [])], **self.metadata}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        said = str(super()._deserialize(value, attr, data, **kwargs))
        options = self._options if isinstance(self._options, list) else self._options()
        if said not in options:
            raise ValidationError(_("请选择其中之一：%(options)s。", options="、".join(options)))
        return said


class Lines(fields.List[Any]):
    """Short texts, or what `each` reads, at most `most` of them."""

    def __init__(
        self,
        each: fields.Field[Any] | None = None,
        *,
        most: int = 20,
        most_chars: int = 200,
        **kwargs: Any,
    ) -> None:
        super().__init__(each or Text(least=1, most=most_chars), **kwargs)
        self.most = most
        self.metadata = {"maxItems": most} | dict(self.metadata)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, list) and len(value) > self.most:
            raise ValidationError(_("最多 %(most)s 条，现在是 %(n)s 条。", most=self.most, n=len(value)))
        return list(super()._deserialize(value, attr, data, **kwargs))


class TypedLines(Lines):
    """What a person types into one box, a line each; empty lines fall away."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        lines = "\n".join(map(str, value)) if isinstance(value, list) else str(value)
        return super()._deserialize(
            [line for line in lines.splitlines() if line.strip()], attr, data, **kwargs
        )

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return "\n".join(value or [])


class Rows(fields.List[Any]):
    """A list of objects, at most `most` of them."""

    def __init__(self, row: type[ma.Schema], *, most: int = 20, **kwargs: Any) -> None:
        super().__init__(fields.Nested(row), **kwargs)
        self.most = most
        self.metadata = {"maxItems": most} | dict(self.metadata)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, list) and len(value) > self.most:
            raise ValidationError(_("最多 %(most)s 条，现在是 %(n)s 条。", most=self.most, n=len(value)))
        return list(super()._deserialize(value, attr, data, **kwargs))


class TypedRows(Rows):
    """The rows of a form, numbered in the names of its fields (`works.0.title`); empty rows fall away."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, dict) or not all(key.isdigit() and len(key) < 4 for key in value):
            raise self.make_error("invalid")
        found, errors = [], {}
        for at in sorted(map(int, value))[: self.most]:
            try:
                found.append(self.inner.deserialize(value[str(at)]))
            except ValidationError as wrong:
                errors[at] = wrong.messages
        if errors:
            raise ValidationError(errors)
        return found


class PageQuery(Schema):
    """The query of every list: newest first unless said otherwise, by cursor only."""

    limit = Whole(least=1, most=100, load_default=20)
    cursor = fields.String(load_default=None, metadata={"description": "next_cursor of the page before"})


class FacetValueSchema(Schema):
    value = fields.String(required=True)
    n = fields.Integer(required=True, metadata={"description": "how many, the other facets respected"})


class FacetSchema(Schema):
    """How many stand behind each value of what a list is narrowed by."""

    group = fields.String(required=True, metadata={"description": "the name to ask by"})
    values = fields.List(fields.Nested(FacetValueSchema), required=True)


@cache
def page_schema(item: type[ma.Schema]) -> type[ma.Schema]:
    """The envelope `{data, next_cursor}` around `item`."""
    name = item.__name__.removesuffix("Schema") + "Page"
    return type(
        name,
        (Schema,),
        {
            "data": fields.List(fields.Nested(item), required=True),
            "next_cursor": fields.String(allow_none=True, required=True),
        },
    )
