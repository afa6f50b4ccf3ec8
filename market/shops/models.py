"""Products, and what came in as a CSV file until its good rows are taken over."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from market.kit.db import Base, Row, belongs_to
from market.kit.states import move
from market.kit.words import N_
from market.media.uses import holds

MOST_IMAGES = 6


class ShelfState(StrEnum):
    ON = "on"
    OFF = "off"


SHELF_MOVES = {ShelfState.ON: {ShelfState.OFF}, ShelfState.OFF: {ShelfState.ON}}


class Product(Row, Base):
    """One thing a merchant sells. Taken off the shelf it stays: briefs and videos still name it."""

    __tablename__ = "products"

    merchant_id: Mapped[UUID] = belongs_to("parties", index=False)
    number: Mapped[str] = mapped_column(default="")
    title: Mapped[str]
    category: Mapped[str]
    price_fen: Mapped[int] = mapped_column(BigInteger)
    stock: Mapped[int]
    description: Mapped[str] = mapped_column(default="")
    image_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), default=list, info=holds(N_("商品图片")))
    state: Mapped[ShelfState] = mapped_column(default=ShelfState.ON)

    __table_args__ = (
        CheckConstraint("price_fen > 0", name="price_positive"),
        CheckConstraint("stock >= 0", name="stock_not_negative"),
        Index("ix_products_merchant_id_id", "merchant_id", "id"),
        Index("ix_products_on_shelf", "category", "id", postgresql_where=text("state = 'on'")),
        # The merchant's own article number: loading the same file again changes rows instead of doubling them.
        Index(
            "uq_products_merchant_number",
            "merchant_id",
            "number",
            unique=True,
            postgresql_where=text("number <> ''"),
        ),
    )

    @property
    def is_on_shelf(self) -> bool:
        return self.state is ShelfState.ON

    def put_on_shelf(self) -> None:
        self.state = move(self.state, ShelfState.ON, SHELF_MOVES)

    def take_off_shelf(self) -> None:
        self.state = move(self.state, ShelfState.OFF, SHELF_MOVES)


class ImportState(StrEnum):
    WAITING = "waiting"
    TAKEN = "taken"


IMPORT_MOVES = {ImportState.WAITING: {ImportState.TAKEN}}


class ProductImport(Row, Base):
    """A CSV file as it was read: good rows, and per bad row what is wrong with it.

    A file without mistakes is taken over at once; otherwise nothing is, until the merchant says so.
    `rows` are {line, number, title, …}, `errors` are {line, column, text} with the text in the reader's language.
    """

    __tablename__ = "product_imports"

    merchant_id: Mapped[UUID] = belongs_to("parties")
    filename: Mapped[str]
    rows: Mapped[list[Any]]
    errors: Mapped[list[Any]]
    state: Mapped[ImportState] = mapped_column(default=ImportState.WAITING)
    created: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)

    def take(self) -> None:
        self.state = move(self.state, ImportState.TAKEN, IMPORT_MOVES)

    @property
    def bad_lines(self) -> int:
        return len({error["line"] for error in self.errors})
