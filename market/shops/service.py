"""Putting products on the shelf, changing them, taking them off, loading them from a file."""

from typing import Any, cast
from uuid import UUID

from sqlalchemy import func, select

from market.accounts.actor import Actor
from market.kit.db import db
from market.kit.events import record
from market.media import service as media
from market.media.queries import owned_images
from market.shops import queries, sheet
from market.shops.errors import ForeignImage, NothingGood, NumberTaken
from market.shops.models import Product, ProductImport, ShelfState


def add(data: dict[str, Any], *, by: Actor) -> Product:
    """A new product on the actor's shelf. Raises NumberTaken, ForeignImage."""
    merchant_id = cast(UUID, by.party_id)
    _lock_shelf(merchant_id)
    _check(data, merchant_id)
    product = Product(merchant_id=merchant_id, **data)
    db.session.add(product)
    db.session.flush()
    record("product.added", product.id, by=by, title=product.title)
    return product


def change(product: Product, data: dict[str, Any], *, by: Actor) -> Product:
    """Any part of a product. Raises NumberTaken, ForeignImage."""
    _lock_shelf(product.merchant_id)
    _check(data, product.merchant_id, product)
    before = {name: getattr(product, name) for name in data}
    for name, value in data.items():
        setattr(product, name, value)
    changed = [name for name in data if before[name] != data[name]]
    if changed:
        record("product.changed", product.id, by=by, fields=changed)
    return product


def take_off_shelf(product: Product, *, by: Actor) -> None:
    """No longer shown to anybody; a second click changes nothing."""
    if product.state is ShelfState.ON:
        product.take_off_shelf()
        record("product.taken_off", product.id, by=by)


def put_on_shelf(product: Product, *, by: Actor) -> None:
    if product.state is ShelfState.OFF:
        product.put_on_shelf()
        record("product.put_on", product.id, by=by)


def load_file(data: bytes, filename: str, *, by: Actor) -> ProductImport:
    """Read a CSV file. Without mistakes it is taken over at once, else it waits for the merchant's word."""
    read = sheet.read(data)
    loaded = ProductImport(
        merchant_id=cast(UUID, by.party_id), filename=filename[:200], rows=read.rows, errors=read.errors
    )
    db.session.add(loaded)
    db.session.flush()
    if not loaded.errors:
        take_rows(loaded, by=by)
    return loaded


def take_rows(loaded: ProductImport, *, by: Actor) -> None:
    """Put the good rows on the shelf, once: known article numbers are changed, the others are new."""
    if not loaded.rows:
        raise NothingGood
    loaded.take()
    _lock_shelf(loaded.merchant_id)
    known = queries.by_number(loaded.merchant_id, [row["number"] for row in loaded.rows])
    for row in loaded.rows:
        values = {name: row[name] for name in sheet.COLUMNS}
        product = known.get(row["number"])
        if product is None:
            db.session.add(
                Product(merchant_id=loaded.merchant_id, image_ids=[], state=ShelfState.ON, **values)
            )
            loaded.created += 1
        else:
            for name, value in values.items():
                setattr(product, name, value)
            loaded.changed += 1
    db.session.flush()
    record("products.imported", loaded.id, by=by, created=loaded.created, changed=loaded.changed)


def _lock_shelf(merchant_id: UUID) -> None:
    """One writer per shelf at a time, so that two never take the same article number."""
    db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"shelf:{merchant_id}", 0))))


def _check(data: dict[str, Any], merchant_id: UUID, product: Product | None = None) -> None:
    number = data.get("number")
    if number:
        holder = queries.by_number(merchant_id, [number]).get(number)
        if holder is not None and holder is not product:
            raise NumberTaken(field="number", number=number)
    # Pictures that the product already shows may stay, whoever took them.
    new = set(data.get("image_ids") or []) - set(product.image_ids if product else [])
    if new and owned_images(new, merchant_id) != new:
        raise ForeignImage(field="image_ids")
    for image_id in sorted(new):
        media.publish(image_id)
