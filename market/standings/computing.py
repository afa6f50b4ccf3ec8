"""The computation of the hour: every film's score anew, and what follows from it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from market.audience.counting import DAYS_OF
from market.audience.models import DailyViews
from market.kit.clock import now
from market.kit.db import db
from market.shops import queries as shops
from market.standings import service
from market.standings.models import OPEN, CaseState, FilmCase, Standing
from market.standings.scoring import Mark, Score, Seen, Usual, score
from market.video import queries as video
from market.video.kinds import KINDS, Place
from market.video.models import Video

WINDOW_DAYS = 28
QUIET_DAYS = 28
"""After a ruling for the film it is left alone for so long."""
AT_ONCE = 1000
T = TypeVar("T")
LOCK = 0x7374616E  # "stan": one computation at a time


def recompute() -> int:
    """Score every film that was played in the window; the number of them. 0 also when another process is at it."""
    if not db.session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK}):
        return 0
    films, seen = _played()
    usual = Usual((films[key].category, row) for key, rows in seen.items() for row in rows)
    scores: dict[UUID, Score] = {}
    for keys in _parts(list(seen)):
        fits = _fits([films[key] for key in keys])
        for key in keys:
            found = score(films[key].category, seen[key], usual, fits.get(key))
            if found:
                scores[key] = found
    _write({key: (films[key].category, found) for key, found in scores.items()})
    _follow(scores)
    return len(scores)


def _played() -> tuple[dict[UUID, Video], dict[UUID, list[Seen]]]:
    """Films on the shelf of the kinds that are scored, with their sums by surface; of a mended film, only what came on the days after."""
    since = now().astimezone(DAYS_OF).date() - timedelta(days=WINDOW_DAYS)
    mended = _mended()
    seen: dict[UUID, list[Seen]] = defaultdict(list)
    names = (DailyViews.plays, DailyViews.plays5, DailyViews.finishes)
    sums = [func.sum(name) for name in names]
    rows = (
        select(DailyViews.entry_id, DailyViews.surface, *sums)
        .where(DailyViews.day > since, DailyViews.entry_id.not_in(list(mended)))
        .group_by(DailyViews.entry_id, DailyViews.surface)
    )
    found: list[Any] = list(db.session.execute(rows))
    for key, day in mended.items():
        one = select(DailyViews.entry_id, DailyViews.surface, *sums)
        one = one.where(DailyViews.entry_id == key, DailyViews.day > max(since, day))
        found += db.session.execute(one.group_by(DailyViews.entry_id, DailyViews.surface))
    shelf: dict[UUID, Video] = {}
    for keys in _parts(list(dict.fromkeys(row[0] for row in found))):
        shelf |= {each.id: each for each in video.videos(keys) if Place.RED_LIST in KINDS[each.kind].places}
    for key, surface, plays, plays5, finishes in found:
        if key in shelf and plays:
            seen[key].append(Seen(surface.value, int(plays), int(plays5), int(finishes)))
    return shelf, seen


def _mended() -> dict[UUID, date]:
    """The day of the last change of each film that was mended within the window."""
    young = now() - timedelta(days=WINDOW_DAYS)
    rows = select(FilmCase.video_id, func.max(FilmCase.ended_at)).where(
        FilmCase.state == CaseState.MENDED, FilmCase.ended_at > young
    )
    found = db.session.execute(rows.group_by(FilmCase.video_id))
    return {key: at.astimezone(DAYS_OF).date() for key, at in found if at}


def _fits(films: Sequence[Video]) -> dict[UUID, int]:
    """How many of a hundred of each film's products are of the category of its brief."""
    kinds = {each.id: each.category for each in shops.products(k for film in films for k in film.product_ids)}
    fits = {}
    for film in films:
        shown = [kinds[key] for key in film.product_ids if key in kinds]
        if shown:
            fits[film.id] = round(100 * shown.count(film.category) / len(shown))
    return fits


def _write(scores: dict[UUID, tuple[str, Score]]) -> None:
    at = now()
    rows = [
        {"video_id": key, "category": category, **vars(found), "mark": found.mark, "computed_at": at}
        for key, (category, found) in sorted(scores.items())
    ]
    for part in _parts(rows):
        fresh = insert(Standing).values(part)
        changed = {name: fresh.excluded[name] for name in part[0] if name != "video_id"}
        db.session.execute(fresh.on_conflict_do_update(index_elements=["video_id"], set_=changed))
    db.session.execute(delete(Standing).where(Standing.computed_at < at))
    db.session.expire_all()


def _follow(scores: dict[UUID, Score]) -> None:
    """Warn the owners of what does badly now, and end the cases of what no longer does. Films are locked by id."""
    low = {key for key, found in scores.items() if found.mark is Mark.LOW}
    cases = {
        each.video_id: each for each in db.session.scalars(select(FilmCase).where(FilmCase.state.in_(OPEN)))
    }
    for key in sorted(cases.keys() - low):
        service.recover(key)
    for key in sorted(low - cases.keys() - _left_alone(low)):
        service.warn(key, scores[key])


def _left_alone(films: Iterable[UUID]) -> set[UUID]:
    """Films an operator ruled for a short time ago."""
    young = now() - timedelta(days=QUIET_DAYS)
    rows = select(FilmCase.video_id).where(
        FilmCase.video_id.in_(list(films)), FilmCase.state == CaseState.CLEARED, FilmCase.ended_at > young
    )
    return set(db.session.scalars(rows))


def _parts(things: list[T]) -> Iterator[list[T]]:
    """So many as one statement takes."""
    for at in range(0, len(things), AT_ONCE):
        yield things[at : at + AT_ONCE]
