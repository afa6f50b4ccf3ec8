"""Saved searches: kept, renamed, let go. Those of the square are told who is new, at most once a day; see `briefs` for
those of the hall."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import SYSTEM, Actor
from market.accounts.models import Party
from market.accounts.queries import find_party
from market.finding import briefs
from market.finding.asked import address, of
from market.finding.briefs import AGAIN, LOOK
from market.finding.errors import NameInUse, NothingAsked, TooMany
from market.finding.index import active
from market.finding.models import SavedSearch, Sought
from market.finding.queries import newcomers
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.errors import NotFound
from market.kit.events import record

MOST = 50
SETTLED = timedelta(minutes=1)
"""A row is dated before its transaction ends; after a minute it is there to be seen."""
NAMED = 3


def visible_to(actor: Actor, kind: Sought) -> Select[SavedSearch]:
    """A search is its party's alone: its whole team's."""
    return select(SavedSearch).where(SavedSearch.party_id == actor.party_id, SavedSearch.kind == kind)


def find_own(search_id: UUID, actor: Actor, kind: Sought, *, lock: bool = False) -> SavedSearch:
    """Raises NotFound, also for another's."""
    rows = visible_to(actor, kind).where(SavedSearch.id == search_id)
    if lock:
        rows = rows.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(rows)
    if found is None:
        raise NotFound
    return found


def save(kind: Sought, asked: Mapping[str, Any], name: str, *, alerts: bool = True, by: Actor) -> SavedSearch:
    """Keep a search under a name; `asked` as the square's or the hall's query says it. Raises NothingAsked, NameInUse,
    TooMany."""
    said = {part: value for part, value in asked.items() if value}
    found_by = briefs.found_by(said) if kind is Sought.BRIEFS else {}
    if not said:
        raise NothingAsked
    party_id = cast(UUID, by.party_id)
    find_party(party_id, lock=True)  # two clicks at once must not pass the limit together
    held = select(func.count()).select_from(SavedSearch).where(SavedSearch.party_id == party_id)
    if (db.session.scalar(held) or 0) >= MOST:
        raise TooMany(most=MOST)
    moment = now()
    made: SavedSearch | None = db.session.scalar(
        insert(SavedSearch)
        .values(
            party_id=party_id,
            kind=kind,
            name=name,
            asked=said,
            alerts=alerts,
            looked_at=moment,
            due_at=moment + LOOK if kind is Sought.CREATORS else moment,
            **found_by,
        )
        .on_conflict_do_nothing(index_elements=["party_id", "name"])
        .returning(SavedSearch)
    )
    if made is None:
        raise NameInUse(field="name", name=name)
    return made


def change(search: SavedSearch, *, name: str | None = None, alerts: bool | None = None) -> None:
    """Rename a (locked) search, switch its alerts. Alerts begin with who comes from now on. Raises NameInUse."""
    if name is not None and name != search.name:
        taken = select(SavedSearch.id).where(
            SavedSearch.party_id == search.party_id, SavedSearch.name == name
        )
        # The party's row is the lock against a twin of the same name.
        find_party(search.party_id, lock=True)
        if db.session.scalar(taken):
            raise NameInUse(field="name", name=name)
        search.name = name
    if alerts is not None and alerts != search.alerts:
        search.alerts = alerts
        if alerts:
            search.looked_at = now()
        else:
            briefs.drop(search)
    db.session.flush()


def remove(search: SavedSearch) -> None:
    db.session.delete(search)
    db.session.flush()


def tell_due() -> int:
    """Look at every search of the square whose time has come, each in a transaction of its own; how many were told."""
    told = 0
    while True:
        with transaction():
            search = db.session.scalar(
                select(SavedSearch)
                .where(SavedSearch.kind == Sought.CREATORS, SavedSearch.alerts, SavedSearch.due_at <= now())
                .order_by(SavedSearch.due_at)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if search is None:
                return told
            told += look(search)


def look(search: SavedSearch) -> bool:
    """Tell the shop who came since the last look; True when somebody did. The search's row is locked."""
    search.due_at = now() + LOOK
    if active() is None:
        return False
    until = max(search.looked_at, now() - SETTLED)
    asked = of(search.asked)
    ids, n = newcomers(asked, search.looked_at, until, NAMED)
    search.looked_at = until
    if not n:
        return False
    search.due_at = now() + AGAIN
    record(
        "search.matched",
        search.id,
        by=SYSTEM,
        audience=[search.party_id],
        name=search.name,
        n=n,
        who="、".join(_names(ids)),
        url=address(asked, sort="new"),
    )
    return True


def _names(ids: Sequence[UUID]) -> list[str]:
    named = dict(db.session.execute(select(Party.id, Party.name).where(Party.id.in_(ids))).all())
    return [named[id] for id in ids if id in named]
