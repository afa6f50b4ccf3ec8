"""The hall of open briefs, and the merchant's own: list, template, four steps, and the moves between states."""

from typing import Any, cast
from uuid import UUID

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import actor_or_none, current_actor, hat, require
from market.accounts.idempotency import idempotent
from market.accounts.vocabulary import (
    AUDIENCE,
    AUDIENCE_NAMES,
    CATEGORIES,
    FORMATS,
    LENGTHS,
    LIVE_MINUTES,
    hours_name,
    options,
)
from market.creators.queries import Band, price_band
from market.kit.db import db, transaction
from market.kit.pages import Form, format_when, read_form
from market.kit.paging import page_of
from market.kit.words import _, say
from market.media.queries import assets
from market.shops import queries as shops
from market.shops.models import Product
from market.tasks import policy, queries, registry, service
from market.tasks.models import CHANNELS, Task, TaskState
from market.tasks.rules import faults
from market.tasks.schemas import ChooseFormSchema, HallForm, TaskFormSchema, brief_of, form_values
from market.tasks.shown import brief_context, card_of, hall_choices, picture_of, public_id, stages

bp = Blueprint("tasks", __name__)

PRODUCTS_SHOWN = 60


@bp.get("/tasks")
def hall() -> Any:
    """任务大厅: everybody may look before signing in."""
    return hall_page(read_form(HallForm(), request.args), Form())


def hall_page(form: Form, save: Form) -> str:
    """The hall for what `form` asks; `save` is the form that keeps the question as a search."""
    actor = actor_or_none()
    asked: dict[str, Any] = {name: form.valid.get(name) for name in HallForm().load_fields} | {"limit": 20}
    asked["sort"] = asked["sort"] or "new"
    found = queries.hall(tickets=True, **asked)
    is_creator = actor is not None and actor.role is Role.CREATOR
    fits = registry.fits(cast(UUID, actor.party_id), found.data) if actor and is_creator else {}
    chosen = {
        name: value
        for name, value in form.values.items()
        if value and name not in ("cursor", "limit", "lang")
    }
    return render_template(
        "tasks/hall.html",
        form=form,
        save=save,
        chosen=chosen,
        cards=[card_of(task, fits.get(task.id)) for task in found],
        next_url=url_for("tasks.hall", **chosen, cursor=found.next_cursor) if found.next_cursor else None,
        **hall_choices(asked),
    )


@bp.get("/m/tasks")
@hat(Role.MERCHANT)
def own() -> Any:
    actor = current_actor()
    state = request.args.get("state", "")
    rows = queries.of_merchant(actor)
    if state in list(TaskState):
        rows = rows.where(Task.state == TaskState(state))
    found = page_of(rows, Task.id, limit=30, cursor=request.args.get("cursor"))
    return render_template(
        "tasks/own.html",
        state=state,
        tasks=found.data,
        counts=queries.counts(cast(UUID, actor.party_id)),
        next_url=url_for("tasks.own", state=state or None, cursor=found.next_cursor)
        if found.next_cursor
        else None,
    )


@bp.get("/m/tasks/new")
@hat(Role.MERCHANT)
def new() -> Any:
    """What is made, for which goods: the template fills the rest."""
    return _new_page(Form({"format": "video"}))


@bp.post("/m/tasks")
@hat(Role.MERCHANT)
def draft() -> Any:
    require(policy.may_write(current_actor()))
    form = read_form(ChooseFormSchema())
    if form.errors:
        return _new_page(form), form.status
    return _draft()


@idempotent
def _draft() -> Any:
    """A double click makes one draft: the form carries a key."""
    choice = read_form(ChooseFormSchema()).data
    blank = choice.pop("blank")
    task = service.draft(choice, by=current_actor(), from_template=not blank)
    return redirect(url_for("tasks.edit", task_id=task.id), 303)


@bp.get("/m/tasks/<pid('tsk'):task_id>/edit")
@hat(Role.MERCHANT)
def edit(task_id: UUID) -> Any:
    task = _mine(task_id)
    if not task.is_draft:
        return redirect(url_for("bids.own_brief", task_id=task_id), 303)
    return _edit_page(task, Form(form_values(task)))


@bp.post("/m/tasks/<pid('tsk'):task_id>/edit")
@hat(Role.MERCHANT)
def save(task_id: UUID) -> Any:
    """Save the draft; with `do=open` also open it. What was typed stays on the page when something is wrong."""
    actor = current_actor()
    form = read_form(TaskFormSchema())
    opening = request.form.get("do") == "open"
    with form.attempt():
        brief = brief_of(form.data)
        with transaction():
            service.change(_mine(task_id, lock=True), brief, by=actor)
        if not opening:
            flash(_("草稿已保存。"), "success")
            return redirect(url_for("tasks.edit", task_id=task_id), 303)
        # In a transaction of its own: the draft is kept also when it cannot be opened yet.
        with transaction():
            task = service.open_(_mine(task_id, lock=True), by=actor)
        flash(_("“%(title)s”已发布，创作者现在可以投稿。", title=task.title), "success")
        return redirect(url_for("bids.own_brief", task_id=task_id), 303)
    return _edit_page(_mine(task_id), form), form.status


@bp.post("/m/tasks/<pid('tsk'):task_id>/draft")
@hat(Role.MERCHANT)
def autosave(task_id: UUID) -> Any:
    """Every field saves itself: what can be read is kept, the rest is named. Answers brief.js."""
    form = read_form(TaskFormSchema())
    task = _mine(task_id)
    with form.attempt(), transaction():
        task = service.change(_mine(task_id, lock=True), brief_of(form.valid), by=current_actor())
    return jsonify(
        saved=_("已保存 %(time)s", time=format_when(task.updated_at).rsplit(" ", 1)[-1]),
        updated=task.updated_at.isoformat(),
        errors=form.errors,
        stages=render_template(
            "tasks/_money.html",
            stages=stages(task.budget_fen),
            band=_band(task),
            advice=registry.advice(task),
            task=task,
        ),
        preview=render_template("tasks/_preview.html", **brief_context(task), missing=faults(task)),
    )


def _move(task_id: UUID, verb: Any, text: str) -> Any:
    with transaction():
        task = _mine(task_id, lock=True)
        verb(task, by=current_actor())
    flash(text, "success")
    return task


@bp.post("/m/tasks/<pid('tsk'):task_id>/taking-back")
@hat(Role.MERCHANT)
def take_back(task_id: UUID) -> Any:
    _move(task_id, service.take_back, _("已撤回为草稿，可以继续修改。"))
    return redirect(url_for("tasks.edit", task_id=task_id), 303)


@bp.post("/m/tasks/<pid('tsk'):task_id>/closing")
@hat(Role.MERCHANT)
def close(task_id: UUID) -> Any:
    _move(task_id, service.close, _("已截止投稿，可以从收到的投稿中选定。"))
    return redirect(url_for("bids.own_brief", task_id=task_id), 303)


@bp.post("/m/tasks/<pid('tsk'):task_id>/copies")
@hat(Role.MERCHANT)
@idempotent
def copy(task_id: UUID) -> Any:
    made = service.copy(_mine(task_id), by=current_actor())
    flash(_("已复制为新草稿，请填写新的日期。"), "success")
    return redirect(url_for("tasks.edit", task_id=made.id), 303)


@bp.post("/m/tasks/<pid('tsk'):task_id>/cancellation")
@hat(Role.MERCHANT)
def cancel(task_id: UUID) -> Any:
    was_public = _move(task_id, service.cancel, _("需求已取消。")).opened_at
    return redirect(url_for("bids.own_brief", task_id=task_id) if was_public else url_for("tasks.own"), 303)


def _mine(task_id: UUID, *, lock: bool = False) -> Task:
    """One's own brief. Raises NotFound for any other, Forbidden without the right."""
    actor = current_actor()
    task = queries.find_own(task_id, actor, lock=lock)
    require(policy.may_run(actor, task))
    return task


def _new_page(form: Form) -> str:
    return render_template(
        "tasks/new.html", form=form, categories=options(CATEGORIES), formats=options(FORMATS)
    )


def _edit_page(task: Task, form: Form) -> str:
    return render_template(
        "tasks/edit.html",
        form=form,
        **brief_context(task),
        missing=faults(task),
        band=_band(task),
        advice=registry.advice(task),
        categories=options(CATEGORIES),
        formats=options(FORMATS),
        lengths=options(LENGTHS),
        live_minutes=[(minutes, hours_name(minutes)) for minutes in LIVE_MINUTES],
        picks=_product_choices(task),
        audience=[(part, say(AUDIENCE_NAMES[part]), options(names)) for part, names in AUDIENCE.items()],
        all_channels=[(code, say(name)) for code, name in CHANNELS.items()],
        campaigns=list(registry.campaigns().items()),
    )


def _band(task: Task) -> Band | None:
    """What such work costs here, for the merchant who sets a budget."""
    return price_band(task.category, task.piece, task.budget_fen)


def _product_choices(task: Task) -> list[dict[str, Any]]:
    """The shop's shelf, and what the brief already names."""
    rows = shops.of_merchant(task.merchant_id).order_by(Product.id.desc()).limit(PRODUCTS_SHOWN)
    shelf = [product for product in db.session.scalars(rows) if product.is_on_shelf]
    known = {product.id for product in shelf}
    shelf += [product for product in shops.products(task.product_ids) if product.id not in known]
    pictures = assets([product.image_ids[0] for product in shelf if product.image_ids])
    return [
        {
            "id": public_id(product),
            "title": product.title,
            "price_fen": product.price_fen,
            "image": picture_of(product, pictures),
        }
        for product in shelf
    ]
