"""Filming: begin by a template, take shot after shot, and let the shots become a draft and a film."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import Actor
from market.accounts.models import Membership
from market.kit import ids
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import Forbidden, Invalid, Refusal
from market.kit.events import Event
from market.kit.words import _, joined
from market.media import queries as media_queries
from market.media import service as media
from market.media.models import Asset, AssetState, Kind
from market.taopai import policy, queries, service
from market.taopai.errors import NoSuchShot, ShotRefused, ShotsMissing, ShotsNotReady, TooManyShoots
from market.taopai.models import EditDraft, Shoot, ShotTemplate, Take
from market.taopai.plans import KEY, TEXT_AT, TEXT_SIZE, ShotPlanSchema
from market.taopai.schemas import EditListSchema

MOST_SHOOTS = 100


def begin(key: str, *, back: str = "", by: Actor) -> Shoot:
    """Begin by a template; later changes of it do not touch what has begun. Raises TemplateNotFound, TooManyShoots."""
    return begin_by(queries.template(key), back=back, by=by)


def begin_by(plan: dict[str, Any], *, back: str = "", by: Actor) -> Shoot:
    """Begin by a plan of whatever origin. Raises TooManyShoots."""
    if not policy.may_edit(by) or by.party_id is None:
        raise Forbidden
    if queries.count_shoots(by) >= MOST_SHOOTS:
        raise TooManyShoots(limit=MOST_SHOOTS)
    shoot = Shoot(owner_id=by.party_id, author_id=by.person_id, plan=ShotPlanSchema().dump(plan), back=back)
    db.session.add(shoot)
    db.session.flush()
    return shoot


def take(shoot: Shoot, number: int, asset_id: UUID, *, by: Actor) -> Shoot:
    """This film is shot `number` (from 0) from now on. The shoot must be locked; the same again changes nothing.

    Raises NoSuchShot, AssetNotUsable.
    """
    if not 0 <= number < len(shoot.shots):
        raise NoSuchShot(number=number + 1)
    asset = media.attachable(asset_id, Kind.VIDEO, by=by)
    kept = {taken.number: taken.asset_id for taken in shoot.takes}
    if kept.get(number) == asset.id:
        return shoot
    db.session.execute(
        insert(Take)
        .values(shoot_id=shoot.id, number=number, asset_id=asset.id)
        .on_conflict_do_update(index_elements=["shoot_id", "number"], set_={"asset_id": asset.id})
    )
    # What was made of the shots before stays; from these another film comes.
    shoot.draft_id, shoot.asked_at = None, None
    db.session.flush()
    db.session.expire(shoot, ["takes"])
    return shoot


def remove(shoot: Shoot) -> None:
    """The films of its shots stay among the uploads."""
    db.session.execute(delete(Take).where(Take.shoot_id == shoot.id))
    db.session.expunge(shoot)
    db.session.execute(delete(Shoot).where(Shoot.id == shoot.id))


def draft_of(shoot: Shoot, *, by: Actor) -> EditDraft:
    """The shots one after another as a draft, made once. The shoot must be locked.

    Raises ShotsMissing, ShotRefused and ShotsNotReady while there is no such film yet.
    """
    if shoot.draft_id:
        return queries.find(shoot.draft_id, by, lock=True)
    films = ready_films(shoot)
    title = shoot.plan["name"]
    # What is kept is as the schema dumps it; what the service takes is as the schema loads it.
    edit_list = EditListSchema().load(edit_list_of(shoot, films))
    draft = service.begin({"title": title, "edit_list": edit_list}, by=by)
    shoot.draft_id = draft.id
    db.session.flush()
    return draft


def ready_films(shoot: Shoot) -> dict[int, Asset]:
    """The ready film of every shot that was taken."""
    if not shoot.is_whole:
        there = {taken.number for taken in shoot.takes}
        lacking = [
            shot["label"] for at, shot in enumerate(shoot.shots) if at not in there and not shot["optional"]
        ]
        raise ShotsMissing(shots=joined(lacking))
    films = media_queries.assets([taken.asset_id for taken in shoot.takes])
    found = {taken.number: films[taken.asset_id] for taken in shoot.takes}
    for at, film in found.items():
        if film.state is AssetState.REFUSED:
            raise ShotRefused(shot=shoot.shots[at]["label"])
    if not all(film.is_ready for film in found.values()):
        raise ShotsNotReady
    return found


def edit_list_of(shoot: Shoot, films: dict[int, Asset]) -> dict[str, Any]:
    """In the template's order, no shot longer than planned, its words as long as it lasts."""
    clips, texts, at_ms = [], [], 0
    for number in sorted(films):
        shot, film = shoot.shots[number], films[number]
        long = min(film.duration_ms or 0, shot["seconds"] * 1000)
        clips.append({"asset_id": ids.encode("ast", film.id), "in_ms": 0, "out_ms": long})
        if shot["text"]:
            x, y = TEXT_AT
            span = {"start_ms": at_ms, "end_ms": at_ms + long}
            texts.append({"text": shot["text"], **span, "x": x, "y": y, "size": TEXT_SIZE})
        at_ms += long
    track = shoot.plan["music"]
    return {"clips": clips, "texts": texts, "music": {"track": track} if track else None}


def ask_film(shoot: Shoot, *, by: Actor) -> Asset | None:
    """Have the film made, now or as soon as its shots are ready; None until then. The shoot must be locked.

    Raises ShotsMissing, ShotRefused, CannotBeMade and the refusals of quota and disk.
    """
    try:
        draft = draft_of(shoot, by=by)
    except ShotsNotReady:
        shoot.asked_at = shoot.asked_at or now()
        db.session.flush()
        return None
    film = service.make_film(draft, by=by)
    shoot.asked_at = shoot.asked_at or now()
    db.session.flush()
    return film


def film_when_ready(event: Event) -> None:
    """A shot is ready: make the film that waited for it. One whose author has left the party waits for another."""
    # Locked before it is looked at: who asks just now has either seen this shot ready, or is seen here to have asked.
    taken = select(Take.shoot_id).where(Take.asset_id == event.subject_id)
    for shoot in _locked(db.session.scalars(taken).all()):
        member = db.session.scalar(
            select(Membership).where(
                Membership.person_id == shoot.author_id, Membership.party_id == shoot.owner_id
            )
        )
        if member is None or shoot.draft_id or not shoot.asked_at:
            continue
        try:
            ask_film(shoot, by=member.actor())
        except Refusal:
            # Said on the page when the film is asked for again.
            shoot.asked_at = None


def _locked(found: Iterable[UUID]) -> list[Shoot]:
    query = select(Shoot).where(Shoot.id.in_(found)).order_by(Shoot.id).with_for_update()
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def keep_template(key: str, plan: dict[str, Any], *, by: Actor) -> ShotTemplate:
    """Write an operator's template; under a key of the house's it stands in its place. Raises Invalid."""
    if not policy.may_change_templates(by):
        raise Forbidden
    if not re.fullmatch(KEY, key):
        raise Invalid({"key": [_("只能用小写字母、数字和连字符，最多 40 个。")]})
    kept = ShotPlanSchema().dump(plan)
    db.session.execute(
        insert(ShotTemplate)
        .values(key=key, plan=kept, author_id=by.person_id)
        .on_conflict_do_update(
            index_elements=["key"], set_={"plan": kept, "author_id": by.person_id, "updated_at": now()}
        )
    )
    return db.session.scalars(
        select(ShotTemplate).where(ShotTemplate.key == key).execution_options(populate_existing=True)
    ).one()


def drop_template(key: str, *, by: Actor) -> None:
    """Take an operator's template back: the house's stands again, where there is one."""
    if not policy.may_change_templates(by):
        raise Forbidden
    db.session.execute(delete(ShotTemplate).where(ShotTemplate.key == key))
