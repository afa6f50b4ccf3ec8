"""Saved searches of the hall: an opened brief finds those it fits, and what fits is told, at most once a day.

The other way round than on the square, where each search is asked anew for newcomers: of a brief there is one moment to
speak of, so it is met with all searches in one statement. A search stands there as a tsquery over the brief's words and
facets, and is looked up by one lexeme of it, its anchor; only searches whose anchor the brief holds are read.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, text, update

from market.accounts.actor import SYSTEM
from market.finding.errors import NothingAsked
from market.finding.models import SavedSearch, SearchHit, SearchTold
from market.kit.clock import now
from market.kit.db import among, array_of, db, transaction
from market.kit.events import Event, record
from market.kit.ids import encode
from market.kit.search import all_of, asked_pieces
from market.tasks.queries import budget_of, find
from market.tasks.shown import hall_address

LOOK = timedelta(hours=1)
"""What comes within it is told together."""
AGAIN = timedelta(days=1)
NAMED = 3
BATCH = 200
"""Searches told in one transaction."""
MOST = 25
"""Batches of one run; more wait for the next, so that the schedule does other things in between."""
REMEMBERED = timedelta(days=400)
"""A brief opened anew after so long may be told again."""
ANY = "*"
"""The anchor of what asks for no word and no facet: every brief holds it."""
FACETS = ("campaign_code", "category", "budget", "length", "format")
"""What a search is looked up by when it has no words: what fewest briefs share comes first."""


def found_by(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The columns by which a brief finds a search. Raises NothingAsked when every brief would."""
    words = asked_pieces(asked.get("q") or "")
    codes = [_code(facet, asked[facet]) for facet in FACETS if asked.get(facet)]
    if not words and not codes and not asked.get("budget_min_fen"):
        raise NothingAsked
    needs = [*sorted(words, key=len, reverse=True), *codes] or [ANY]
    return {"needs": all_of(needs), "anchor": needs[0]}


def _code(facet: str, value: str) -> str:
    """A facet as a lexeme; no word holds a colon."""
    return f"{facet}:{value}"


def match(event: Event) -> None:
    """task.opened: keep the brief for every search it fits, to be told. Safe to run twice."""
    task = find(event.subject_id)
    held = {
        "category": task.category,
        "format": task.format.value,
        "length": task.length.value if task.length else None,
        "campaign_code": task.campaign_code,
        "budget": budget_of(task),
    }
    db.session.execute(
        MATCH,
        {
            "task_id": task.id,
            "codes": [ANY, *(_code(facet, value) for facet, value in held.items() if value)],
            "now": now(),
            "look": now() + LOOK,
        },
    )


# The searches are locked against their removal; the merchant's own people are left out under whatever hat.
MATCH = text("""
    WITH brief AS MATERIALIZED (
        SELECT id, merchant_id, budget_fen, opened_at, search || array_to_tsvector(CAST(:codes AS text[])) AS words
        FROM tasks WHERE id = :task_id AND state = 'open' AND bids_close_at > :now
    )
    INSERT INTO search_hits (search_id, task_id, due_at)
    SELECT s.id, brief.id, greatest(s.due_at, :look)
    FROM brief
    CROSS JOIN LATERAL unnest(tsvector_to_array(brief.words)) held(lexeme)
    JOIN saved_searches s ON s.anchor = held.lexeme AND s.kind = 'briefs' AND s.alerts
    WHERE brief.words @@ s.needs
      AND coalesce(CAST(s.asked ->> 'budget_min_fen' AS bigint), 0) <= brief.budget_fen
      AND s.looked_at < brief.opened_at
      AND s.party_id NOT IN (
          SELECT theirs.party_id FROM brief
          JOIN memberships own ON own.party_id = brief.merchant_id
          JOIN memberships theirs ON theirs.person_id = own.person_id)
      AND NOT EXISTS (
          SELECT FROM search_told t WHERE t.party_id = s.party_id AND t.task_id = brief.id)
    FOR KEY SHARE OF s
    ON CONFLICT DO NOTHING
    """)


def drop(search: SavedSearch) -> None:
    """What waits for a search is told to nobody."""
    db.session.execute(delete(SearchHit).where(SearchHit.search_id == search.id))


def tell_due() -> int:
    """Tell what waits and whose time has come, BATCH searches in each transaction; how many searches were told."""
    told = 0
    for _batch in range(MOST):
        with transaction():
            searches = _claimed()
            if not searches:
                break
            told += _tell(searches)
        db.session.expunge_all()
    return told


def _claimed() -> dict[UUID, SavedSearch]:
    """Searches something waits for, locked: no other tells them at the same time."""
    waiting = select(SearchHit.search_id).where(SearchHit.due_at <= now()).order_by(SearchHit.due_at)
    rows = (
        select(SavedSearch)
        .where(SavedSearch.id.in_(waiting.limit(BATCH)))
        .order_by(SavedSearch.id)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return {search.id: search for search in db.session.scalars(rows)}


def _tell(searches: Mapping[UUID, SavedSearch]) -> int:
    """One notice for each of these that has something new. A brief that takes no bids (any more) is dropped."""
    moment = now()
    early = [search.id for search in searches.values() if search.due_at > moment]
    if early:
        db.session.execute(
            update(SearchHit)
            .where(SearchHit.search_id == SavedSearch.id, among(SearchHit.search_id, early))
            .values(due_at=SavedSearch.due_at)
        )
    due = [id for id in searches if id not in early]
    fresh: dict[UUID, list[tuple[UUID, str]]] = {}
    for search_id, task_id, title in db.session.execute(TELL, {"due": array_of(due), "now": moment}):
        fresh.setdefault(search_id, []).append((task_id, title))
    db.session.execute(update(SavedSearch).where(among(SavedSearch.id, fresh)).values(due_at=moment + AGAIN))
    for search_id, tasks in fresh.items():
        search = searches[search_id]
        only = tasks[0][0] if len(tasks) == 1 else None
        record(
            "search.brief_matched" if only else "search.briefs_matched",
            search_id,
            by=SYSTEM,
            audience=[search.party_id],
            name=search.name,
            n=len(tasks),
            who="、".join(title for _id, title in tasks[:NAMED]),
            url=f"/t/{encode('tsk', only)}" if only else hall_address(search.asked),
        )
    return len(fresh)


# What waited is taken away. Of several searches of one party that a brief fits, the oldest speaks of it. The rows of search_told decide between
# two who tell at once, always written in the same order.
TELL = text("""
    WITH heard AS (
        DELETE FROM search_hits h USING unnest(CAST(:due AS uuid[])) due(id) WHERE h.search_id = due.id
        RETURNING h.search_id, h.task_id
    ), fits AS (
        SELECT DISTINCT ON (s.party_id, t.id) s.party_id, s.id AS search_id, t.id AS task_id, t.title, t.opened_at
        FROM heard h
        JOIN saved_searches s ON s.id = h.search_id
        JOIN tasks t ON t.id = h.task_id
        WHERE t.state = 'open' AND t.bids_close_at > :now
        ORDER BY s.party_id, t.id, s.id
    ), told AS (
        INSERT INTO search_told (party_id, task_id, at)
        SELECT party_id, task_id, :now FROM fits ORDER BY party_id, task_id
        ON CONFLICT DO NOTHING
        RETURNING party_id, task_id
    )
    SELECT f.search_id, f.task_id, f.title FROM fits f JOIN told USING (party_id, task_id)
    ORDER BY f.opened_at DESC, f.task_id
    """)


def forget() -> None:
    """Strike from memory what was told long ago."""
    db.session.execute(delete(SearchTold).where(SearchTold.at < now() - REMEMBERED))
