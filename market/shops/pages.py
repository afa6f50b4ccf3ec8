"""The merchant's own shelf: list, add, change, take off, load from a file."""

from typing import Any, cast
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.vocabulary import CATEGORIES, options
from market.kit.db import db, transaction
from market.kit.ids import decode
from market.kit.pages import Form, read_form, show
from market.kit.paging import page_of
from market.kit.words import _
from market.media.queries import assets
from market.shops import policy, queries, service, sheet
from market.shops.errors import EmptyFile
from market.shops.models import MOST_IMAGES, Product, ShelfState
from market.shops.schemas import ProductFormSchema

bp = Blueprint("shops", __name__)


def _me() -> UUID:
    return cast(UUID, current_actor().party_id)


@bp.get("/m/products")
@hat(Role.MERCHANT)
def products() -> Any:
    state, words = request.args.get("state", ""), request.args.get("q", "")[:60]
    rows = queries.with_words(queries.of_merchant(_me()), words)
    if state in list(ShelfState):
        rows = rows.where(Product.state == ShelfState(state))
    shown = page_of(rows, Product.id, limit=30, cursor=request.args.get("cursor"))
    pictures = assets([p.image_ids[0] for p in shown if p.image_ids])
    return render_template(
        "shops/products.html",
        shown=shown,
        state=state,
        words=words,
        pictures=pictures,
        categories=dict(options(CATEGORIES)),
    )


@bp.route("/m/products/new", methods=["GET", "POST"])
@hat(Role.MERCHANT)
def add_product() -> Any:
    actor = current_actor()
    require(policy.may_sell(actor))
    form = Form({"stock": "100"})
    if request.method == "POST":
        form = read_form(ProductFormSchema())
        with form.attempt():
            with transaction():
                product = service.add(form.data, by=actor)
            flash(_("“%(title)s”已上架。", title=product.title), "success")
            return redirect(url_for("shops.products"), 303)
    return _product_page(form, None), form.status


@bp.route("/m/products/<pid('prd'):product_id>", methods=["GET", "POST"])
@hat(Role.MERCHANT)
def change_product(product_id: UUID) -> Any:
    actor = current_actor()
    product = queries.find_own(product_id, _me())
    require(policy.may_change(actor, product))
    form = show(ProductFormSchema(), product)
    form.values["price_fen"] = f"{product.price_fen / 100:.2f}"
    if request.method == "POST":
        form = read_form(ProductFormSchema())
        with form.attempt():
            with transaction():
                product = queries.find_own(product_id, _me(), lock=True)
                service.change(product, form.data, by=actor)
            flash(_("已保存。"), "success")
            return redirect(url_for("shops.change_product", product_id=product_id), 303)
    return _product_page(form, product), form.status


def _product_page(form: Form, product: Product | None) -> str:
    """The form, with the pictures chosen so far (also after a refused submit)."""
    chosen = []
    for text in form.values.get("image_ids") or []:
        try:
            chosen.append(decode("ast", text))
        except ValueError:
            continue
    return render_template(
        "shops/product.html",
        form=form,
        product=product,
        pictures=assets(chosen),
        chosen=chosen,
        most=MOST_IMAGES,
        categories=options(CATEGORIES),
    )


@bp.post("/m/products/<pid('prd'):product_id>/shelf")
@hat(Role.MERCHANT)
def shelve(product_id: UUID) -> Any:
    """`on=1` puts it on the shelf, `on=0` takes it off."""
    actor = current_actor()
    with transaction():
        product = queries.find_own(product_id, _me(), lock=True)
        require(policy.may_change(actor, product))
        if request.form.get("on") == "1":
            service.put_on_shelf(product, by=actor)
        else:
            service.take_off_shelf(product, by=actor)
    flash(
        _("“%(title)s”已上架。", title=product.title)
        if product.is_on_shelf
        else _("“%(title)s”已下架。", title=product.title),
        "success",
    )
    return redirect(url_for("shops.products"), 303)


@bp.route("/m/products/import", methods=["GET", "POST"])
@hat(Role.MERCHANT)
def load_file() -> Any:
    actor = current_actor()
    require(policy.may_sell(actor))
    form = Form()
    if request.method == "POST":
        form = Form({"file": ""})
        with form.attempt():
            given = request.files.get("file")
            if given is None or not given.filename:
                raise EmptyFile(field="file")
            with transaction():
                loaded = service.load_file(given.stream.read(sheet.MAX_BYTES + 1), given.filename, by=actor)
            return redirect(url_for("shops.loaded", import_id=loaded.id), 303)
    return render_template(
        "shops/import.html",
        form=form,
        files=queries.imports_of(_me()),
        columns=sheet.header(),
        max_rows=sheet.MAX_ROWS,
        max_bytes=sheet.MAX_BYTES,
    ), form.status


@bp.get("/m/products/imports/<pid('imp'):import_id>")
@hat(Role.MERCHANT)
def loaded(import_id: UUID) -> Any:
    """What became of a file: its mistakes by line and column, or what it added."""
    return render_template("shops/loaded.html", loaded=queries.find_import(import_id, _me()), most=100)


@bp.post("/m/products/imports/<pid('imp'):import_id>")
@hat(Role.MERCHANT)
def take_rows(import_id: UUID) -> Any:
    """Import the good rows of a file with mistakes."""
    actor = current_actor()
    require(policy.may_sell(actor))
    with transaction():
        service.take_rows(queries.find_import(import_id, _me(), lock=True), by=actor)
    return redirect(url_for("shops.loaded", import_id=import_id), 303)


@bp.get("/m/products/imports/<pid('imp'):import_id>/errors.csv")
@hat(Role.MERCHANT)
def import_errors(import_id: UUID) -> Response:
    """All mistakes of a file, to work through beside it."""
    found = queries.find_import(import_id, _me())
    rows = [[_("行"), _("列"), _("问题")], *[[e["line"], e["column"], e["text"]] for e in found.errors]]
    return _csv(sheet.write(rows), "errors.csv")


@bp.get("/m/products/sample.csv")
@hat(Role.MERCHANT)
def sample() -> Response:
    return _csv(sheet.sample(), "sample.csv")


@bp.get("/m/products.csv")
@hat(Role.MERCHANT)
def export() -> Response:
    """All one's products, in the columns that can be loaded again."""
    rows = queries.of_merchant(_me()).order_by(Product.id).limit(50_000)
    return _csv(sheet.export(db.session.scalars(rows)), "products.csv")


def _csv(data: bytes, name: str) -> Response:
    return Response(
        data, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
