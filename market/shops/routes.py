"""JSON: products and CSV imports."""

from typing import Any
from uuid import UUID

from market.accounts.edge import actor_or_none, current_actor, require
from market.kit.api import OPEN_TO_ALL, ApiBlueprint, require_match
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import page_schema
from market.shops import policy, queries, service
from market.shops.models import Product, ProductImport
from market.shops.schemas import (
    ImportInSchema,
    ImportSchema,
    ProductChangeSchema,
    ProductInSchema,
    ProductQuery,
    ProductSchema,
)

bp = ApiBlueprint("shops", __name__, description="Products of the shops; reading is open to everybody")


@bp.get("/products")
@bp.doc(security=OPEN_TO_ALL)
@bp.arguments(ProductQuery, location="query")
@bp.response(200, page_schema(ProductSchema))
def list_products(query: dict[str, Any]) -> Page[Product]:
    """What is on the shelves, newest first; a merchant also sees his own that is not."""
    rows = queries.with_words(queries.visible_to(actor_or_none()), query.pop("q"))
    for name in ("merchant_id", "category", "state"):
        wanted = query.pop(name)
        if wanted is not None:
            rows = rows.where(getattr(Product, name) == wanted)
    return page_of(rows, Product.id, **query)


@bp.post("/products")
@bp.arguments(ProductInSchema)
@bp.response(201, ProductSchema)
def create_product(data: dict[str, Any]) -> Product:
    actor = current_actor()
    require(policy.may_sell(actor))
    with transaction():
        return service.add(data, by=actor)


@bp.get("/products/<pid('prd'):product_id>")
@bp.doc(security=OPEN_TO_ALL)
@bp.response(200, ProductSchema)
def get_product(product_id: UUID) -> Product:
    return queries.find_visible(product_id, actor_or_none())


@bp.patch("/products/<pid('prd'):product_id>")
@bp.arguments(ProductChangeSchema)
@bp.response(200, ProductSchema)
def change_product(data: dict[str, Any], product_id: UUID) -> Product:
    """Any part of it; needs If-Match."""
    actor = current_actor()
    with transaction():
        product = queries.find_own(product_id, actor.party_id, lock=True)
        require(policy.may_change(actor, product))
        require_match(ProductSchema().dump(product))
        return service.change(product, data, by=actor)


@bp.put("/products/<pid('prd'):product_id>/shelf")
@bp.response(200, ProductSchema)
def put_on_shelf(product_id: UUID) -> Product:
    """Show it to everybody (again); a second call changes nothing."""
    actor = current_actor()
    with transaction():
        product = queries.find_own(product_id, actor.party_id, lock=True)
        require(policy.may_change(actor, product))
        service.put_on_shelf(product, by=actor)
    return product


@bp.delete("/products/<pid('prd'):product_id>/shelf")
@bp.response(200, ProductSchema)
def take_off_shelf(product_id: UUID) -> Product:
    """Show it to nobody any more; it stays in briefs and works that name it."""
    actor = current_actor()
    with transaction():
        product = queries.find_own(product_id, actor.party_id, lock=True)
        require(policy.may_change(actor, product))
        service.take_off_shelf(product, by=actor)
    return product


@bp.post("/product-imports")
@bp.arguments(ImportInSchema)
@bp.response(201, ImportSchema)
def create_import(data: dict[str, Any]) -> ProductImport:
    """Load a CSV file. Without mistakes it is taken over at once; with mistakes it waits (`waiting`)."""
    actor = current_actor()
    require(policy.may_sell(actor))
    with transaction():
        return service.load_file(data["csv"].encode("utf-8", "surrogatepass"), data["filename"], by=actor)


@bp.get("/product-imports/<pid('imp'):import_id>")
@bp.response(200, ImportSchema)
def get_import(import_id: UUID) -> ProductImport:
    return queries.find_import(import_id, current_actor().party_id)


@bp.post("/product-imports/<pid('imp'):import_id>/acceptance")
@bp.response(200, ImportSchema)
def accept_import(import_id: UUID) -> ProductImport:
    """Take over the good rows of a file that has mistakes; once."""
    actor = current_actor()
    require(policy.may_sell(actor))
    with transaction():
        loaded = queries.find_import(import_id, actor.party_id, lock=True)
        service.take_rows(loaded, by=actor)
    return loaded
