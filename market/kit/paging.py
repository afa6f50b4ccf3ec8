"""Keyset pages: a cursor is the public form of the last key, there are no totals and no offsets."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from market.kit import ids
from market.kit.db import db
from market.kit.errors import Invalid
from market.kit.words import N_, say

T = TypeVar("T")
CURSOR = "cur"


class Page(Generic[T]):
    """Some rows and the cursor of the next page (None at the end); dumps as `{data, next_cursor}`."""

    def __init__(self, data: Sequence[T], next_cursor: str | None) -> None:
        self.data = data
        self.next_cursor = next_cursor

    def __iter__(self) -> Any:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)


def page_of(
    rows: "Select[T]",
    key: "InstrumentedAttribute[UUID]",
    *,
    limit: int = 20,
    cursor: str | None = None,
) -> "Page[T]":
    """The page after `cursor`, newest first by the uuidv7 `key`. Raises Invalid on a cursor that is none."""
    if cursor:
        try:
            rows = rows.where(key < ids.decode(CURSOR, cursor))
        except ValueError as wrong:
            raise Invalid({"cursor": [say(N_("这个翻页位置无效，请从第一页看起。"))]}) from wrong
    found = db.session.scalars(rows.order_by(key.desc()).limit(limit + 1)).all()
    shown = found[:limit]
    more = len(found) > limit
    return Page(shown, ids.encode(CURSOR, getattr(shown[-1], key.key)) if more else None)


def page_by(
    rows: "Select[T]",
    order: "ColumnElement[int]",
    key: "InstrumentedAttribute[UUID]",
    *,
    rising: bool = False,
    limit: int = 20,
    cursor: str | None = None,
) -> "Page[T]":
    """The page after `cursor` by the whole number `order` (never NULL), then by `key`; highest first unless `rising`."""
    if cursor:
        head, _, value = cursor.partition(".")
        try:
            last = tuple_(int(value), ids.decode(CURSOR, head))
        except ValueError as wrong:
            raise Invalid({"cursor": [say(N_("这个翻页位置无效，请从第一页看起。"))]}) from wrong
        here = tuple_(order, key)
        rows = rows.where(here > last if rising else here < last)
    way = (order.asc(), key.asc()) if rising else (order.desc(), key.desc())
    found = db.session.execute(rows.add_columns(order).order_by(*way).limit(limit + 1)).all()
    shown = found[:limit]
    if len(found) <= limit:
        return Page([row[0] for row in shown], None)
    last_row, last_value = shown[-1]
    return Page([row[0] for row in shown], f"{ids.encode(CURSOR, getattr(last_row, key.key))}.{last_value}")
