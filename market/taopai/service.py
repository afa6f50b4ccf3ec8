"""The verbs: begin, save and throw away a draft, and have the film made."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import update

from market.accounts.actor import Actor
from market.kit.db import db
from market.kit.errors import Forbidden, Invalid
from market.kit.words import _
from market.media import queries as media_queries
from market.media import service as media
from market.media.config import config
from market.media.models import Asset, AssetState
from market.media.transcode import RUNGS
from market.taopai import policy, queries
from market.taopai.errors import CannotBeMade, TooManyDrafts
from market.taopai.models import EditDraft, Shoot
from market.taopai.schemas import EditListSchema

MOST_DRAFTS = 200
PLACES = 10_000
"""Parts of the side that places are told in."""


def begin(data: Mapping[str, Any], *, by: Actor) -> EditDraft:
    """A new draft. Raises Invalid where the list names films it cannot have, TooManyDrafts."""
    if not policy.may_edit(by) or by.party_id is None:
        raise Forbidden
    if queries.count(by) >= MOST_DRAFTS:
        raise TooManyDrafts(limit=MOST_DRAFTS)
    check_films(data["edit_list"], by)
    draft = EditDraft(
        owner_id=by.party_id,
        author_id=by.person_id,
        title=data["title"],
        edit_list=EditListSchema().dump(data["edit_list"]),
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def save(draft: EditDraft, data: Mapping[str, Any], *, by: Actor) -> EditDraft:
    """Replace the title, the list, or both. Raises Invalid."""
    kept = draft.edit_list
    if "edit_list" in data:
        check_films(data["edit_list"], by)
        kept = EditListSchema().dump(data["edit_list"])
    draft.change(data.get("title", draft.title), kept)
    db.session.flush()
    return draft


def remove(draft: EditDraft) -> None:
    """The films made by it stay, and so does what was filmed for it."""
    db.session.execute(update(Shoot).where(Shoot.draft_id == draft.id).values(draft_id=None, asked_at=None))
    db.session.delete(draft)
    db.session.flush()


def check_films(edit_list: Mapping[str, Any], by: Actor) -> dict[UUID, Asset]:
    """The films of the clips. Raises Invalid for one that is not the actor's, not ready or shorter than the clip."""
    films = queries.films_by_id({clip["asset_id"] for clip in edit_list["clips"]}, by, keep=True)
    wrong: dict[int, dict[str, list[str]]] = {}
    for at, clip in enumerate(edit_list["clips"]):
        film = films.get(clip["asset_id"])
        if film is None:
            wrong[at] = {"asset_id": [_("请选择自己上传、并且已经处理好的视频。")]}
        elif clip["out_ms"] > (film.duration_ms or 0):
            said = _("这段视频只有 %(s)s 秒。", s=f"{(film.duration_ms or 0) / 1000:g}")
            wrong[at] = {"out_ms": [said]}
    if wrong:
        raise Invalid({"edit_list": {"clips": wrong}})
    return films


def check_whole(edit_list: Mapping[str, Any]) -> None:
    """Raises CannotBeMade for what is too short, too long, or lies behind the film's end."""
    rules, clips = config(), edit_list["clips"]
    long = sum(clip["out_ms"] - clip["in_ms"] for clip in clips)
    wrong: dict[str, Any] = {}
    if not clips:
        wrong["clips"] = [_("请至少加入一段视频。")]
    elif not rules.min_video_s * 1000 <= long <= rules.max_video_s * 1000:
        said = _(
            "成片现在是 %(s)s 秒，须在 %(least)s 到 %(most)s 秒之间。",
            s=f"{long / 1000:g}",
            least=f"{rules.min_video_s:g}",
            most=f"{rules.max_video_s:g}",
        )
        wrong["clips"] = [said]
    else:
        for name in ("texts", "stickers", "captions"):
            late = {
                at: {"start_ms": [_("成片在 %(s)s 秒就结束了。", s=f"{long / 1000:g}")]}
                for at, each in enumerate(edit_list[name])
                if each["start_ms"] >= long
            }
            wrong |= {name: late} if late else {}
        if (edit_list["cover_ms"] or 0) > long:
            wrong["cover_ms"] = [_("成片在 %(s)s 秒就结束了。", s=f"{long / 1000:g}")]
    if wrong:
        raise CannotBeMade({"edit_list": wrong})


def make_film(draft: EditDraft, *, by: Actor) -> Asset:
    """Queue the film; a list that has not changed since gives the film it already gave. The draft must be locked.

    Raises Invalid, CannotBeMade and the refusals of quota and disk.
    """
    said = json.dumps([draft.title, draft.edit_list], sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(said.encode()).hexdigest()
    if draft.film_id and draft.film_digest == digest:
        film = media_queries.own(draft.film_id, by)
        if film.state is not AssetState.REFUSED:
            return film
    edit_list = EditListSchema().load(draft.edit_list)
    films = check_films(edit_list, by)
    check_whole(edit_list)
    kbits = sum(RUNGS[720])
    film = media.compose(
        frozen(edit_list, films), filename=f"{draft.title}.mp4", size=draft.duration_ms * kbits // 8, by=by
    )
    draft.made(film.id, digest)
    db.session.flush()
    return film


def frozen(edit_list: Mapping[str, Any], films: Mapping[UUID, Asset]) -> dict[str, Any]:
    """The list as `market.media.cut` reads it: where the films lie instead of who they are."""
    clips = []
    for clip in edit_list["clips"]:
        film = films[clip["asset_id"]]
        chosen = {
            name: round(film.options.get(name, 0.5) * PLACES) if clip[name] is None else clip[name]
            for name in ("focus_x", "focus_y")
        }
        span = {"in_ms": clip["in_ms"], "out_ms": clip["out_ms"]}
        clips.append({"source": film.source_key, "filename": film.filename, **span, **chosen})
    return {**edit_list, "clips": clips}
