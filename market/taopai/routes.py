"""JSON: edit drafts, and the films made by them."""

from typing import Any
from uuid import UUID

from flask import url_for

from market.accounts.edge import current_actor
from market.kit.api import require_match
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.kit.words import say
from market.media import shown, stickers
from market.media.routes import represent
from market.media.schemas import AssetSchema
from market.media.tracks import LICENCE, TRACKS
from market.taopai import captions, queries, service, shooting_routes
from market.taopai.blueprints import api as bp
from market.taopai.models import EditDraft
from market.taopai.schemas import (
    EditChangeSchema,
    EditDraftSchema,
    EditInSchema,
    ReadCaptionsSchema,
    StickersSchema,
    SubtitlesSchema,
    TracksSchema,
)

__all__ = ["bp", "shooting_routes"]


@bp.get("/edits")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(EditDraftSchema))
def list_edits(query: dict[str, Any]) -> Page[EditDraft]:
    """One's own drafts, newest first."""
    return page_of(queries.visible_to(current_actor()), EditDraft.id, **query)


@bp.post("/edits")
@bp.arguments(EditInSchema)
@bp.response(201, EditDraftSchema)
def create_edit(data: dict[str, Any]) -> EditDraft:
    """Begin a draft, with an edit list or without."""
    with transaction():
        return service.begin(data, by=current_actor())


@bp.get("/edits/<pid('edt'):draft_id>")
@bp.response(200, EditDraftSchema)
def get_edit(draft_id: UUID) -> EditDraft:
    return queries.find(draft_id, current_actor())


@bp.patch("/edits/<pid('edt'):draft_id>")
@bp.arguments(EditChangeSchema)
@bp.response(200, EditDraftSchema)
def change_edit(data: dict[str, Any], draft_id: UUID) -> EditDraft:
    """The title, the edit list as a whole, or both; needs If-Match."""
    actor = current_actor()
    with transaction():
        draft = queries.find(draft_id, actor, lock=True)
        require_match(EditDraftSchema().dump(draft))
        return service.save(draft, data, by=actor)


@bp.delete("/edits/<pid('edt'):draft_id>")
@bp.response(204)
def delete_edit(draft_id: UUID) -> None:
    """Throw the draft away; films made by it stay."""
    with transaction():
        service.remove(queries.find(draft_id, current_actor(), lock=True))


@bp.post("/edits/<pid('edt'):draft_id>/film")
@bp.response(201, AssetSchema)
def create_film(draft_id: UUID) -> dict[str, Any]:
    """Have the film made. The answer is an asset: GET /assets/{asset_id} tells how far it is.

    Asked again without a change it answers with the same film."""
    actor = current_actor()
    with transaction():
        film = service.make_film(queries.find(draft_id, actor, lock=True), by=actor)
    return represent(shown.show(film))


@bp.post("/edits/captions")
@bp.arguments(SubtitlesSchema)
@bp.response(200, ReadCaptionsSchema)
def read_captions(data: dict[str, Any]) -> dict[str, Any]:
    """Read a .vtt or .srt file into captions for an edit list; nothing is stored."""
    current_actor()
    return {"captions": captions.read(data["text"])}


@bp.get("/music")
@bp.response(200, TracksSchema)
def list_music() -> dict[str, Any]:
    """The tracks an edit list can name."""
    current_actor()
    return {"data": tracks_told()}


@bp.get("/stickers")
@bp.response(200, StickersSchema)
def list_stickers() -> dict[str, Any]:
    """The pictures an edit list can lay over the film."""
    current_actor()
    return {"data": stickers_told()}


def stickers_told() -> list[dict[str, str]]:
    """Each sticker with its title and licence in the reader's language."""
    return [
        {
            "sticker": name,
            "title": say(title),
            "url": url_for("static", filename=f"stickers/{name}.png"),
            "licence": say(stickers.LICENCE),
        }
        for name, title in stickers.STICKERS.items()
    ]


def tracks_told() -> list[dict[str, str]]:
    """Each track with its title and licence in the reader's language."""
    return [
        {
            "track": name,
            "title": say(track.title),
            "url": url_for("static", filename=f"music/{name}.m4a"),
            "licence": say(LICENCE),
        }
        for name, track in TRACKS.items()
    ]
