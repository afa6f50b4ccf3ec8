"""Finding products."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import Select, Uuid, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY, array

from market.accounts.actor import Actor
from market.kit.db import by_key, db
from market.kit.errors import NotFound
from market.shops.models import Product, ProductImport, ShelfState


def on_shelf() -> Select[Product]:
    """What everybody may see."""
    return select(Product).where(Product.state == ShelfState.ON)


def visible_to(actor: Actor | None) -> Select[Product]:
    """What is on the shelf, and a merchant's own that is not."""
    if actor is None or actor.party_id is None:
        return on_shelf()
    return select(Product).where(or_(Product.state == ShelfState.ON, Product.merchant_id == actor.party_id))


def of_merchant(merchant_id: UUID) -> Select[Product]:
    return select(Product).where(Product.merchant_id == merchant_id)


def with_words(rows: Select[Product], words: str) -> Select[Product]:
    """Those whose title or number holds every one of the words."""
    for word in words.replace("\0", "").split()[:6]:
        rows = rows.where(func.strpos(func.lower(Product.title + " " + Product.number), word.lower()) > 0)
    return rows


def find_visible(product_id: UUID, actor: Actor | None) -> Product:
    """Raises NotFound."""
    product = db.session.scalar(visible_to(actor).where(Product.id == product_id))
    if product is None:
        raise NotFound
    return product


def find_own(product_id: UUID, merchant_id: UUID | None, *, lock: bool = False) -> Product:
    """A product of this merchant; with `lock`, locked and read afresh. Raises NotFound."""
    product = db.session.get(Product, product_id, with_for_update=lock or None, populate_existing=lock)
    if product is None or product.merchant_id != merchant_id:
        raise NotFound
    return product


def products(ids: Iterable[UUID]) -> list[Product]:
    """Products by id, whatever their state, in the order asked for; unknown ids are left out."""
    wanted = list(dict.fromkeys(ids))
    found = by_key(Product, wanted)
    return [found[key] for key in wanted if key in found]


def shown(ids: Iterable[UUID]) -> list[Product]:
    """The same, only what is on the shelf."""
    return [product for product in products(ids) if product.is_on_shelf]


def shows(asset_id: UUID) -> bool:
    """Whether a product on the shelf needs this picture."""
    held = Product.image_ids.contains(cast(array([asset_id]), ARRAY(Uuid())))
    return db.session.scalar(select(on_shelf().where(held).exists())) or False


def by_number(merchant_id: UUID, numbers: Iterable[str]) -> dict[str, Product]:
    """A merchant's products by his own article numbers."""
    wanted = {number for number in numbers if number}
    rows = of_merchant(merchant_id).where(Product.number.in_(wanted))
    return {product.number: product for product in db.session.scalars(rows)} if wanted else {}


def find_import(import_id: UUID, merchant_id: UUID | None, *, lock: bool = False) -> ProductImport:
    """Raises NotFound."""
    found = db.session.get(ProductImport, import_id, with_for_update=lock or None, populate_existing=lock)
    if found is None or found.merchant_id != merchant_id:
        raise NotFound
    return found


def imports_of(merchant_id: UUID, limit: int = 5) -> Sequence[ProductImport]:
    """The merchant's last files."""
    rows = select(ProductImport).where(ProductImport.merchant_id == merchant_id)
    return db.session.scalars(rows.order_by(ProductImport.id.desc()).limit(limit)).all()
