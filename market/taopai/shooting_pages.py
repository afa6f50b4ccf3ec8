"""HTML: choosing a template, filming by it, and the operators' templates."""

import re
from typing import Any
from uuid import UUID

from flask import Response, flash, jsonify, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require, signed_in
from market.accounts.vocabulary import CATEGORIES, category_name, options
from market.kit import ids
from market.kit.db import transaction
from market.kit.pages import Form, local_path, read_form
from market.kit.words import _, language, say
from market.media import queries as media_queries
from market.media import shown
from market.media.config import config
from market.media.tracks import TRACKS
from market.taopai import plans, policy, queries, shooting
from market.taopai.blueprints import pages as bp
from market.taopai.blueprints import read, spoken
from market.taopai.errors import TemplateNotFound
from market.taopai.models import Shoot
from market.taopai.plans import GUIDES, KEY, MOST_SHOTS, ShotPlanFormSchema
from market.taopai.shooting_schemas import TakeFormSchema

AT = "/uploads/capture/<pid('sht'):shoot_id>"


@bp.get("/uploads/capture")
@signed_in
def capture() -> str:
    """The templates, those of a category first when one is named, and what was begun."""
    actor = current_actor()
    chosen = request.args.get("category", "")
    offered = {
        key: plans.told(plan, language())
        for key, plan in queries.templates().items()
        if plan["is_offered"] and (not chosen or chosen not in CATEGORIES or plan["category"] in ("", chosen))
    }
    return render_template(
        "taopai/capture.html",
        templates=dict(sorted(offered.items(), key=lambda each: each[1]["category"] != chosen)),
        category=chosen,
        categories=options(CATEGORIES),
        category_name=category_name,
        tracks={name: say(track.title) for name, track in TRACKS.items()},
        back=local_path(request.args.get("back"), ""),
        begun=queries.newest_shoots(actor),
        told=lambda shoot: plans.told(shoot.plan, language()),
        may_edit=policy.may_edit(actor),
    )


@bp.post("/uploads/capture")
@signed_in
def begin_shoot() -> Any:
    actor = current_actor()
    back = local_path(request.form.get("back"), "")[:200]
    with transaction():
        shoot = shooting.begin(request.form.get("template", ""), back=back, by=actor)
    return redirect(url_for("taopai.studio", shoot_id=shoot.id), 303)


@bp.get(AT)
@signed_in
def studio(shoot_id: UUID) -> str:
    """Where it is filmed; what the page asks in between is JSON."""
    shoot = queries.find_shoot(shoot_id, current_actor())
    plan = plans.told(shoot.plan, language())
    here = {
        "id": ids.encode("sht", shoot.id),
        "shots": plan["shots"],
        "state": _state(shoot),
        "max_bytes": config().max_bytes,
    }
    return render_template("taopai/studio.html", shoot=shoot, plan=plan, here=here)


def _state(shoot: Shoot) -> dict[str, Any]:
    """What the server has of it, for the page's script."""
    films = media_queries.assets([take.asset_id for take in shoot.takes])
    known = {each.asset.id: each for each in shown.show_all(list(films.values()))}
    takes = []
    for take in shoot.takes:
        each = known[take.asset_id]
        takes.append(
            {
                "number": take.number,
                "asset": ids.encode("ast", take.asset_id),
                "state": each.asset.state.value,
                "words": each.refusal or each.progress.words,
                "percent": each.progress.percent,
                "poster": each.asset.poster_url,
                "url": each.asset.mp4_url,
            }
        )
    draft = queries.find(shoot.draft_id, current_actor()) if shoot.draft_id else None
    film = draft.film_id if draft and shoot.asked_at else None
    return {
        "takes": takes,
        "whole": shoot.is_whole,
        "asked": shoot.asked_at is not None,
        "film": url_for("media.progress", asset_id=film) if film else None,
        "back": _way_back(shoot, film) if film else None,
    }


def _way_back(shoot: Shoot, film_id: UUID) -> str | None:
    """To the page the film is for, which finds the film in its address."""
    if not shoot.back:
        return None
    path, sharp, place = shoot.back.partition("#")
    joint = "&" if "?" in path else "?"
    return f"{path}{joint}film={ids.encode('ast', film_id)}{sharp}{place}"


@bp.get(f"{AT}/state")
@spoken
def shoot_state(shoot_id: UUID) -> Response:
    return jsonify(_state(queries.find_shoot(shoot_id, current_actor())))


@bp.post(f"{AT}/takes")
@spoken
def keep_take(shoot_id: UUID) -> Response:
    """A shot has arrived."""
    actor = current_actor()
    data = read(TakeFormSchema())
    with transaction():
        shoot = queries.find_shoot(shoot_id, actor, lock=True)
        shooting.take(shoot, data["number"], data["asset_id"], by=actor)
    return jsonify(_state(shoot))


@bp.post(f"{AT}/film")
@spoken
def ask_shot_film(shoot_id: UUID) -> Response:
    actor = current_actor()
    with transaction():
        shoot = queries.find_shoot(shoot_id, actor, lock=True)
        shooting.ask_film(shoot, by=actor)
    return jsonify(_state(shoot))


@bp.post(f"{AT}/draft")
@spoken
def edit_shots(shoot_id: UUID) -> Response:
    """To the editor, with the shots in their order."""
    actor = current_actor()
    with transaction():
        draft = shooting.draft_of(queries.find_shoot(shoot_id, actor, lock=True), by=actor)
    return jsonify(editor=url_for("taopai.editor", draft_id=draft.id))


@bp.post(f"{AT}/deletion")
@signed_in
def delete_shoot(shoot_id: UUID) -> Any:
    with transaction():
        shooting.remove(queries.find_shoot(shoot_id, current_actor(), lock=True))
    flash(_("这次拍摄已删除，已上传的镜头还在“上传与转码”里。"), "success")
    return redirect(url_for("taopai.capture"), 303)


@bp.get("/ops/shot-templates")
@hat(Role.OPERATOR)
def shot_templates() -> str:
    require(policy.may_change_templates(current_actor()))
    return render_template(
        "taopai/templates.html",
        templates=queries.templates(),
        house=plans.house(),
        category_name=category_name,
    )


@bp.route("/ops/shot-templates/<key>", methods=["GET", "POST"])
@hat(Role.OPERATOR)
def shot_template(key: str) -> Any:
    """One template; under a key nobody has used yet, an empty form."""
    actor = current_actor()
    require(policy.may_change_templates(actor))
    if not re.fullmatch(KEY, key):
        raise TemplateNotFound
    plan = queries.templates().get(key, {})
    form = Form(_typed(plan))
    if request.method == "POST":
        form = read_form(ShotPlanFormSchema())
        with form.attempt():
            with transaction():
                shooting.keep_template(key, form.data, by=actor)
            flash(_("模板已保存，之后开始的拍摄都按它来。"), "success")
            return redirect(url_for("taopai.shot_templates"), 303)
    return render_template(
        "taopai/template.html",
        form=form,
        key=key,
        name=plan.get("name", key),
        rows=MOST_SHOTS,
        is_house=key in plans.house(),
        categories=[("", _("所有类目")), *options(CATEGORIES)],
        guides=options(GUIDES),
        tracks=[("", _("不用音乐")), *((name, say(track.title)) for name, track in TRACKS.items())],
    ), form.status


def _typed(plan: dict[str, Any]) -> dict[str, Any]:
    """The values of the form for a plan."""
    values = {name: value for name, value in plan.items() if name != "shots"}
    for at, shot in enumerate(plan.get("shots", [])):
        values |= {f"shots.{at}.{name}": value for name, value in shot.items()}
        values[f"shots.{at}.order"] = at + 1
    return values


@bp.post("/ops/shot-templates")
@hat(Role.OPERATOR)
def begin_template() -> Any:
    """To the form of a new key."""
    key = request.form.get("key", "").strip().lower()
    if not re.fullmatch(KEY, key):
        flash(_("模板代号只能用小写字母、数字和连字符，最多 40 个。"), "danger")
        return redirect(url_for("taopai.shot_templates"), 303)
    return redirect(url_for("taopai.shot_template", key=key), 303)


@bp.post("/ops/shot-templates/<key>/deletion")
@hat(Role.OPERATOR)
def drop_template(key: str) -> Any:
    with transaction():
        shooting.drop_template(key, by=current_actor())
    flash(_("已恢复为内置模板。") if key in plans.house() else _("模板已删除。"), "success")
    return redirect(url_for("taopai.shot_templates"), 303)
