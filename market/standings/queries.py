"""Finding standings and cases."""

from uuid import UUID

from sqlalchemy import Select, select

from market.kit.db import db
from market.kit.errors import NotFound
from market.standings.models import TO_RULE, CaseState, FilmCase, Standing
from market.standings.scoring import Mark
from market.video import queries as video
from market.video.kinds import Place
from market.video.models import Video


def standing(video_id: UUID) -> Standing | None:
    return db.session.get(Standing, video_id)


def red_list(category: str | None = None) -> Select[Standing]:
    """What everybody may see: films on the shelf that do well."""
    shown = select(Video.id).where(
        Video.withdrawn_at.is_(None), Video.held_back_at.is_(None), video.at(Place.RED_LIST)
    )
    rows = select(Standing).where(Standing.mark == Mark.RED, Standing.video_id.in_(shown))
    return rows.where(Standing.category == category) if category else rows


def case_of(video_id: UUID, *, lock: bool = False) -> FilmCase | None:
    """The film's last case."""
    rows = select(FilmCase).where(FilmCase.video_id == video_id).order_by(FilmCase.id.desc()).limit(1)
    if lock:
        rows = rows.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(rows)


def find_case(case_id: UUID, *, lock: bool = False) -> FilmCase:
    """Whoever asks has been found to be an operator. Raises NotFound."""
    found = db.session.get(FilmCase, case_id, with_for_update=lock or None, populate_existing=lock)
    if found is None:
        raise NotFound
    return found


def open_case(video_id: UUID) -> FilmCase:
    """The film's open case, locked after its film. Raises NotFound."""
    video.find(video_id, lock=True)
    found = case_of(video_id, lock=True)
    if found is None or not found.is_open:
        raise NotFound
    return found


def to_rule() -> Select[FilmCase]:
    """What waits for an operator."""
    return select(FilmCase).where(FilmCase.state.in_(TO_RULE))


def held() -> Select[FilmCase]:
    """Whose films are kept out of the home now."""
    return select(FilmCase).where(FilmCase.state == CaseState.HELD)
