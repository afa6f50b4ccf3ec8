"""HTML: the drafts, and the editor; what it saves and asks in between is JSON."""

from typing import Any
from uuid import UUID

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from marshmallow import ValidationError

from market.accounts.edge import current_actor, require, signed_in
from market.kit import ids
from market.kit.api import etag_of, require_match
from market.kit.db import transaction
from market.kit.errors import Invalid, flatten
from market.kit.pages import format_when
from market.kit.paging import page_of
from market.kit.words import _
from market.media import cut, letters, transcode
from market.media.models import Asset
from market.taopai import captions, policy, queries, service, shooting_pages
from market.taopai.blueprints import pages as bp
from market.taopai.blueprints import read, spoken
from market.taopai.models import EditDraft
from market.taopai.routes import stickers_told, tracks_told
from market.taopai.schemas import EditDraftSchema, EditInSchema, SubtitlesSchema

__all__ = ["bp", "shooting_pages"]


@bp.get("/uploads/edits")
@signed_in
def index() -> str:
    """The drafts of one's party, and the way to a new one."""
    actor = current_actor()
    page = page_of(queries.visible_to(actor), EditDraft.id, cursor=request.args.get("cursor"))
    return render_template(
        "taopai/index.html",
        drafts=page.data,
        next_url=url_for("taopai.index", cursor=page.next_cursor) if page.next_cursor else "",
        may_edit=policy.may_edit(actor),
    )


@bp.post("/uploads/edits")
@signed_in
def begin() -> Any:
    """An empty draft, or with `asset_id` one that holds this film whole."""
    actor = current_actor()
    require(policy.may_edit(actor))
    clips = []
    if chosen := request.form.get("asset_id"):
        try:
            film = queries.films_by_id([ids.decode("ast", chosen)], actor)
        except ValueError:
            film = {}
        clips = [{"asset_id": chosen, "in_ms": 0, "out_ms": each.duration_ms} for each in film.values()]
    try:
        data = EditInSchema().load({"title": _("未命名的片子"), "edit_list": {"clips": clips}})
    except ValidationError as wrong:
        raise Invalid(flatten(wrong.messages)) from wrong
    with transaction():
        draft = service.begin(data, by=actor)
    return redirect(url_for("taopai.editor", draft_id=draft.id), 303)


@bp.get("/uploads/edits/<pid('edt'):draft_id>")
@signed_in
def editor(draft_id: UUID) -> str:
    actor = current_actor()
    draft = queries.find(draft_id, actor)
    used = {ids.decode("ast", clip["asset_id"]) for clip in draft.edit_list["clips"]}
    films = {film.id: film for film in queries.newest_films(actor)} | queries.films_by_id(used, actor)
    here = {
        "etag": etag_of(EditDraftSchema().dump(draft)),
        "draft": EditDraftSchema().dump(draft),
        "films": [_film(film) for film in films.values()],
        "tracks": tracks_told(),
        "stickers": stickers_told(),
        "sizes": letters.SIZES,
        "line": letters.LINE,
        "stroke": letters.STROKE,
        "ducking": cut.DUCKING,
        "fade_s": cut.FADE_S,
        "caption": {"size": letters.CAPTION_SIZE, "at": letters.CAPTION_AT, "widest": letters.WIDEST},
    }
    return render_template("taopai/editor.html", draft=draft, here=here)


def _film(film: Asset) -> dict[str, Any]:
    return {
        "id": ids.encode("ast", film.id),
        "name": film.filename,
        "duration_ms": film.duration_ms,
        "url": film.mp4_url,
        "poster": film.poster_url,
        "whole": film.whole_url,
        "raised_db": _raised(film),
        "ratio": (film.width or 1) / (film.height or 1),
        "focus": {
            axis: round(film.options.get(axis, 0.5) * service.PLACES) for axis in ("focus_x", "focus_y")
        },
    }


def _raised(film: Asset) -> float:
    """By how many dB what the page plays is louder than what the renderer cuts from: the uncut picture has the sound of
    the original, and a film made here is its own original."""
    if film.whole_url or "edit" in film.options:
        return 0.0
    return transcode.Heard(film.renditions.get("loudness_in")).gain or 0.0


@bp.post("/uploads/edits/<pid('edt'):draft_id>/saved")
@spoken
def save(draft_id: UUID) -> Response:
    """Autosave: the whole draft over what was read (If-Match)."""
    actor = current_actor()
    data = read(EditInSchema())
    with transaction():
        draft = queries.find(draft_id, actor, lock=True)
        require_match(EditDraftSchema().dump(draft))
        service.save(draft, data, by=actor)
    return jsonify(
        etag=etag_of(EditDraftSchema().dump(draft)),
        saved=_("已保存 %(time)s", time=format_when(draft.updated_at).rsplit(" ", 1)[-1]),
    )


@bp.post("/uploads/edits/<pid('edt'):draft_id>/film")
@spoken
def make_film(draft_id: UUID) -> Response:
    """Have the film made of what is saved."""
    actor = current_actor()
    with transaction():
        draft = queries.find(draft_id, actor, lock=True)
        film = service.make_film(draft, by=actor)
    return jsonify(
        etag=etag_of(EditDraftSchema().dump(draft)), progress=url_for("media.progress", asset_id=film.id)
    )


@bp.post("/uploads/edits/captions")
@spoken
def read_captions() -> Response:
    current_actor()
    return jsonify(captions=captions.read(read(SubtitlesSchema())["text"]))


@bp.post("/uploads/edits/<pid('edt'):draft_id>/deletion")
@signed_in
def delete(draft_id: UUID) -> Any:
    with transaction():
        service.remove(queries.find(draft_id, current_actor(), lock=True))
    flash(_("草稿已删除，生成过的成片还在。"), "success")
    return redirect(url_for("taopai.index"), 303)
