"""A hundred thousand creators (VTASK_BENCH_CREATORS for more): whose words lie nearest under four filters, a brief's whole
list, and the square's pages.

Filters: A category, price and room (correlated with the words), D city, price and room (not), B all four, C room only.
Ours is what matching asks (`market.matching.declared.nearest`), which looks at all who pass or walks the index (HNSW); in
turn with it each of the two whatever the filter, plain SQL as the planner likes it, and numpy over all in memory.
recall@50 is against numpy. `match_list` is a brief's list of twenty, in turn with the same at ten thousand creators. The
square's questions are the product's own statements; one with words that reads the whole table is an error.
"""

import gc
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any
from uuid import UUID

import numpy as np
from threadpoolctl import threadpool_limits

from bench.creators import (
    ASKED,
    CATEGORIES,
    FILTERS,
    Drawn,
    add_history,
    briefs,
    city,
    fill,
    key,
    literal,
    word,
)
from bench.rounds import Result
from bench.world import product

CREATORS = int(os.environ.get("VTASK_BENCH_CREATORS", "100000"))
FEW_CREATORS = 10_000
NEAREST = 50
PEERS = ("exact", "hnsw", "sql", "numpy")

Way = Callable[[str, int], list[Any]]


def run(rounds: int) -> list[Result]:
    few, many = Drawn(FEW_CREATORS), Drawn(CREATORS)
    results: list[Result] = []
    with product("few") as (small, _url, small_conninfo), product("retrieval") as (app, _u, conninfo):
        fill(small_conninfo, few)
        took = fill(conninfo, many)
        # One thread: those of numpy's linear algebra turn idly for up to 100 ms after their work, on whose account comes next.
        with app.app_context(), threadpool_limits(1):
            known = ways(many)
            gc.collect()
            gc.freeze()  # as wsgi.py does: a look at a million drawn creators takes as long as twenty questions
            for name in FILTERS:
                results += measured(name, known, many, rounds, took)
        results += square(app, many, rounds)
        for each, its, drawn in ((small, small_conninfo, few), (app, conninfo, many)):
            add_history(each, its, drawn)
        results.append(lists(small, app, few, many, rounds))
    return results


PLAIN = """SELECT creator_id FROM match_profiles WHERE {condition}
    ORDER BY place <=> %(at)s::halfvec LIMIT %(most)s"""


def ways(drawn: Drawn) -> dict[str, Way]:
    from market.kit.db import db
    from market.matching import declared

    declared.forget_estimates()

    def product_way(ask: Callable[..., Any]) -> Way:
        def asked(name: str, at: int) -> list[Any]:
            found = ask(0, drawn.asked[at], drawn.wanted(name, at), NEAREST)
            return [creator_id for creator_id, _alike in found]

        return asked

    def sql(name: str, at: int) -> list[Any]:
        condition, values = declared._passing(0, drawn.wanted(name, at))
        for given in values:
            condition = condition.replace(f":{given}", f"%({given})s")
        values |= {"at": literal(drawn.asked[at]), "most": NEAREST}
        rows = db.session.connection().exec_driver_sql(PLAIN.format(condition=condition), values).all()
        return [row[0] for row in rows]

    def numpy(name: str, at: int) -> list[Any]:
        kept = np.flatnonzero(drawn.passes(name, at))
        alike = drawn.place[kept] @ drawn.asked[at]
        best = np.argpartition(-alike, min(NEAREST, len(kept)) - 1)[:NEAREST] if len(kept) else kept
        return [key(int(kept[each])) for each in best]

    return {
        "rule": product_way(declared.nearest),
        "exact": product_way(declared.exact),
        "hnsw": product_way(declared.walked),
        "sql": sql,
        "numpy": numpy,
    }


def measured(
    name: str, known: dict[str, Way], drawn: Drawn, rounds: int, took: dict[str, float]
) -> list[Result]:
    """One filter, every way in turns, question by question; questions a second of processor time (of the wall's where the
    system does not tell), and what each way finds of numpy's fifty."""
    rates: dict[str, list[float]] = {way: [] for way in known}
    found: dict[str, list[list[Any]]] = {way: [] for way in known}
    draw = Random(name)
    for counts in [False] + [True] * rounds:
        spent = dict.fromkeys(known, 0.0)
        for at in range(ASKED):
            for way in draw.sample(list(known), len(known)):
                # The second of two counts: the index is larger than what the server holds in memory, and whoever comes
                # first to a question would pay for fetching its pages (up to 100 ms at a million), for the others too.
                if counts:
                    known[way](name, at)
                clock = Clock()
                got = known[way](name, at)
                wall, processor = clock.read()
                spent[way] += wall if processor is None else processor
                if not counts:
                    found[way].append(got)
        if counts:
            for way in known:
                rates[way].append(ASKED / spent[way])
    share = sum(drawn.passes(name, at).mean() for at in range(ASKED)) / ASKED
    details = {
        "creators": drawn.n,
        "share": round(float(share), 5),
        "build_s": {what: round(seconds, 1) for what, seconds in took.items()},
    } | {f"recall_{way}": round(recall(found[way], found["numpy"]), 4) for way in known}
    ms = 1000 / median(rates["rule"])
    said = f"questions/s; {ms:.1f} ms, {share:.2%} pass, recall@50 {details['recall_rule']:.3f}"
    return [
        Result(
            f"retrieval_{name}_{peer}",
            f"{peer} (recall {details[f'recall_{peer}']:.3f})",
            said,
            rates["rule"],
            rates[peer],
            details,
        )
        for peer in PEERS
    ]


def recall(found: list[list[Any]], exact: list[list[Any]]) -> float:
    shares = [len(set(mine) & set(all_)) / len(all_) for mine, all_ in zip(found, exact, strict=True) if all_]
    return sum(shares) / len(shares)


class Clock:
    """Seconds by the wall, and of processors: this process and the server's side of its session. On a busy machine only
    the second says what a person would wait on an idle one. The second is None where the system does not tell."""

    def __init__(self) -> None:
        from sqlalchemy import text

        from market.kit.db import db

        self.tells = Path(f"/proc/{db.session.scalar(text('SELECT pg_backend_pid()'))}/schedstat")
        self.wall, self.processor = time.perf_counter(), self._processor()

    def _processor(self) -> float | None:
        try:
            return time.process_time() + int(self.tells.read_text().split()[0]) / 1e9
        except OSError:
            return None

    def read(self) -> tuple[float, float | None]:
        spent = self._processor()
        processor = None if spent is None or self.processor is None else spent - self.processor
        return time.perf_counter() - self.wall, processor


def told(took: Sequence[tuple[float, float | None]]) -> str:
    """Median and 95th percentile."""
    wall = spread([each for each, _processor in took])
    said = f"{wall[0]:.0f} ms, p95 {wall[1]:.0f}"
    spent = [each for _wall, each in took if each is not None]
    if len(spent) < len(took):
        return said
    processor = spread(spent)
    return f"{said}; processor {processor[0]:.0f} ms, p95 {processor[1]:.0f}"


# A brief's list


def lists(small: Any, app: Any, few: Drawn, many: Drawn, rounds: int) -> Result:
    """The whole of it, from the brief to twenty creators with their reasons; against the same among few creators."""
    sides = {
        FEW_CREATORS: (small, briefs(small, few)),
        CREATORS: (app, briefs(app, many)),
    }
    rates: dict[int, list[float]] = {n: [] for n in sides}
    single: dict[int, list[tuple[float, float | None]]] = {n: [] for n in sides}
    for counts in [False] + [True] * rounds:
        for n, (each, ids) in sides.items():
            took = seconds_of_lists(each, ids)
            if counts:
                rates[n].append(len(took) / sum(wall for wall, _processor in took))
                single[n] += took
    return Result(
        "match_list",
        f"the same among {FEW_CREATORS} creators ({told(single[FEW_CREATORS])})",
        f"lists/s; {told(single[CREATORS])}",
        rates[CREATORS],
        rates[FEW_CREATORS],
        {"creators": CREATORS},
    )


def seconds_of_lists(app: Any, ids: Sequence[UUID]) -> list[tuple[float, float | None]]:
    from market.kit.db import db
    from market.matching import declared, service
    from market.tasks.models import Task

    declared.forget_estimates()
    took = []
    with app.test_request_context():
        for id in ids:
            task = db.session.get_one(Task, id)
            clock = Clock()
            found = service.rank(task, 20)
            took.append(clock.read())
            if len(found) < 20:
                raise RuntimeError(f"a brief's list has {len(found)} creators")
            db.session.remove()
    return took


def spread(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile in ms."""
    return 1000 * median(seconds), 1000 * quantiles(seconds, n=20)[-1]


# The square


def questions(drawn: Drawn) -> dict[str, list[Any]]:
    from market.finding.asked import Asked

    draw = np.random.default_rng(4)

    def many(make: Callable[[int], Asked]) -> list[Asked]:
        return [make(at) for at in range(ASKED)]

    rare, common = draw.integers(300, 2000, size=ASKED), draw.integers(2, 30, size=ASKED)
    kind = [CATEGORIES[each] for each in draw.integers(len(CATEGORIES), size=ASKED)]
    place = [city(each) for each in draw.integers(40, size=ASKED)]
    return {
        "words": many(lambda at: Asked(q=word(rare[at]))),
        "common_words": many(lambda at: Asked(q=word(common[at]))),
        "words_facets": many(
            lambda at: Asked(q=word(common[at]), chosen={"category": (kind[at],), "room": ("free",)})
        ),
        "facets": many(lambda at: Asked(chosen={"category": (kind[at],), "city": (place[at],)})),
        "wide_facets": many(lambda at: Asked(chosen={"category": (kind[at],), "room": ("free",)})),
        "everybody": [Asked()] * ASKED,
    }


def square(app: Any, drawn: Drawn, rounds: int) -> list[Result]:
    """The square's page with its counts, against reading the whole index once."""
    from sqlalchemy import event, text

    from market.finding import queries
    from market.kit.db import db

    results = []
    with app.app_context():
        heard: list[tuple[str, Any]] = []

        def hear(_c: Any, _cur: Any, statement: str, given: Any, *_rest: Any) -> None:
            heard.append((statement, given))

        def whole() -> float:
            begin = time.perf_counter()
            db.session.execute(text("SELECT sum(cardinality(facets) + length(words)) FROM finding_creators"))
            return 1 / (time.perf_counter() - begin)

        for name, asked in questions(drawn).items():
            heard.clear()
            event.listen(db.engine, "before_cursor_execute", hear)
            queries.search(asked[0], limit=24)
            queries.overview(asked[0])
            event.remove(db.engine, "before_cursor_execute", hear)
            scans = sum(reads_all(statement, given) for statement, given in list(heard))
            if scans and "words" in name:
                raise RuntimeError(f"{name}: {scans} statements read the whole index")
            took: list[tuple[float, float | None]] = []
            ours, theirs, found = [], [], 0
            for counts in [False] + [True] * rounds:
                other, mine = whole(), []
                for each in asked:
                    clock = Clock()
                    seen = queries.overview(each).here
                    queries.search(each, limit=24, here=seen)
                    found = seen.total
                    mine.append(clock.read())
                    db.session.rollback()
                if counts:
                    took += mine
                    ours.append(len(mine) / sum(wall for wall, _processor in mine))
                    theirs.append(other)
            results.append(
                Result(
                    f"square_{name}",
                    "reading the whole index once",
                    f"pages/s; {told(took)}; {found} found",
                    ours,
                    theirs,
                    {
                        "creators": drawn.n,
                        "statements": len(heard),
                        "whole_scans": scans,
                    },
                )
            )
        db.session.remove()
        db.engine.dispose()
    return results


def reads_all(statement: str, given: Any) -> int:
    from market.kit.db import db

    if "finding_creators" not in statement or not statement.lstrip().upper().startswith("SELECT"):
        return 0
    plan = db.session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given).scalar()
    return int(scanned(plan[0]["Plan"], stops=False))


def scanned(node: dict[str, Any], *, stops: bool) -> bool:
    """Whether a plan reads the index from end to end. A scan under a limit `stops`, unless all has to be sorted or counted."""
    kind = node["Node Type"]
    if kind == "Seq Scan" and node.get("Relation Name") == "finding_creators":
        return not stops
    stops = kind == "Limit" or (
        stops and kind in ("Append", "Nested Loop", "Result", "Subquery Scan", "ProjectSet")
    )
    return any(scanned(each, stops=stops) for each in node.get("Plans", ()))
