"""A case's way: warn, mend, appeal, rule, recover. Only a ruling has a consequence others can see.

The film is locked before its case.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from market.accounts.actor import SYSTEM, Actor, Role
from market.accounts.models import Party
from market.kit.clock import now
from market.kit.db import db
from market.kit.errors import NotFound
from market.kit.events import record
from market.kit.figures import figures
from market.kit.ids import encode
from market.kit.work import cancel_timers, set_timer
from market.standings import queries
from market.standings.errors import AppealedAlready, NothingMended
from market.standings.models import C, FilmCase
from market.standings.scoring import Score
from market.video import queries as shelf
from market.video import service as video
from market.video.models import Video

DUE = "standings.due"


def warn(video_id: UUID, found: Score) -> None:
    """Open a case and tell the owners, nobody else. Nothing happens to the film."""
    try:
        film = shelf.find(video_id, lock=True)
    except NotFound:
        return  # withdrawn while it was being computed
    case = FilmCase(
        video_id=film.id,
        creator_id=film.creator_id,
        merchant_id=film.merchant_id,
        numbers=asdict(found),
        due_at=now() + timedelta(hours=figures.low_film_answer_h),
    )
    db.session.add(case)
    db.session.flush()
    set_timer(DUE, case.id, case.due_at)
    _tell("film.warned", case, film, by=SYSTEM)


def due(case_id: UUID, data: dict[str, Any] | None = None) -> None:
    """The timer: nobody answered the warning, so an operator looks. Safe to run twice."""
    case = queries.find_case(case_id, lock=True)
    if case.state is C.WARNED and case.due_at <= now():
        case.go(C.DUE)
        _ask_operators("film.due", case, by=SYSTEM)


def appeal(case: FilmCase, words: str, *, by: Actor) -> None:
    """Once a case, from one of the owners; `case` is locked. Raises AppealedAlready, IllegalMove."""
    if case.appeal:
        raise AppealedAlready
    case.go(C.APPEALED)
    case.appeal, case.appealed_by = words, by.party_id
    cancel_timers(case.id, DUE)
    _ask_operators("film.appealed", case, by=by)


def mend(case: FilmCase, title: str, caption: str, *, by: Actor) -> None:
    """Other words for the film; it is shown again, and counted anew from tomorrow. Film and case are locked.

    Raises NothingMended.
    """
    film = shelf.find(case.video_id)
    if (film.title, film.caption) == (title, caption):
        raise NothingMended(field="title")
    video.reword(film, title, caption, by=by)
    _end(case, C.MENDED)
    _tell("film.mended", case, film, by=by)


def rule(case: FilmCase, *, hold: bool, reason: str, by: Actor) -> None:
    """An operator's word; film and case are locked. Holding back keeps the film out of the home and the venues, and only there."""
    film = shelf.find(case.video_id)
    case.ruling, case.ruled_by = reason, by.person_id
    cancel_timers(case.id, DUE)
    if hold:
        case.go(C.HELD)
        video.hold_back(film)
        _tell("film.held", case, film, by=by, reason=reason)
    else:
        _end(case, C.CLEARED)
        _tell("film.cleared", case, film, by=by, reason=reason)


def recover(video_id: UUID) -> None:
    """The numbers are no longer bad, or too old: the case ends by itself and the film is shown everywhere again."""
    film = db.session.get(Video, video_id, with_for_update=True, populate_existing=True)
    case = queries.case_of(video_id, lock=True)
    if film is None or case is None or not case.is_open:
        return
    _end(case, C.RECOVERED)
    if film.withdrawn_at is None:
        _tell("film.recovered", case, film, by=SYSTEM)


def _end(case: FilmCase, state: C) -> None:
    case.go(state)
    cancel_timers(case.id, DUE)
    film = db.session.get(Video, case.video_id)
    if film is not None:
        video.show_again(film)


def _tell(name: str, case: FilmCase, film: Video, *, by: Actor, **data: Any) -> None:
    url = f"/v/{encode('vid', film.id)}/standing"
    record(
        name, case.id, by=by, audience=case.owners, entry_id=str(film.id), title=film.title, url=url, **data
    )


def _ask_operators(name: str, case: FilmCase, *, by: Actor) -> None:
    operators = db.session.scalars(select(Party.id).where(Party.role == Role.OPERATOR))
    title = db.session.scalar(select(Video.title).where(Video.id == case.video_id)) or ""
    record(name, case.id, by=by, audience=[*operators], title=title, url="/ops/films")
