"""A hundred thousand creators (VTASK_BENCH_CREATORS for more): the nearest fifty under four filters, and the square's pages.

Creators are drawn: vectors of 64 numbers that lie near their category's, cities and prices that have nothing to do with
them. Filters: A category, price and room (correlated with the vectors), D city, price and room (not), B all four, C room
only. `rule` asks the planner how many pass and sorts them all when they are few, else walks the index in relaxed order
and sorts again. Reference in turn: numpy over all in memory, plain SQL as the planner likes it, and the index (HNSW)
whatever the filter; recall@50 is against numpy. The square's questions are the product's own statements; a question with
words and facets that reads the whole table is an error.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import numpy as np
import psycopg

from bench.rounds import Result
from bench.server import vacuum
from bench.world import product

CREATORS = int(os.environ.get("VTASK_BENCH_CREATORS", "100000"))
DIMENSIONS, CITIES, WORDS, NEAREST, ASKED = 64, 40, 3000, 50, 20
FEW = 30_000
CATEGORIES = ("beauty", "fashion", "food", "home", "digital", "outdoor", "baby", "pets")
PRICES = ("0-50000", "50000-100000", "100000-300000", "300000-1000000")
FILTERS = {"A": ("category", "price", "room"), "D": ("city", "price", "room"),
           "B": ("category", "city", "price", "room"), "C": ("room",)}  # fmt: skip
PEERS = ("numpy", "sql", "hnsw")


class Drawn:
    """The creators' columns as arrays, and the questions asked of them."""

    def __init__(self, n: int, seed: int = 1) -> None:
        draw = np.random.default_rng(seed)
        self.category = draw.integers(len(CATEGORIES), size=n)
        self.city = draw.integers(CITIES, size=n)
        self.price = draw.integers(len(PRICES), size=n)
        self.room = draw.random(n) < 0.7
        middle = draw.standard_normal((len(CATEGORIES), DIMENSIONS))
        place = 0.6 * middle[self.category] + draw.standard_normal((n, DIMENSIONS))
        self.place = (place / np.linalg.norm(place, axis=1, keepdims=True)).astype(np.float32)
        weight = (1 + np.arange(WORDS)) ** -0.8
        self.words = draw.choice(WORDS, size=(n, 12), p=weight / weight.sum())
        self.fans = np.exp(draw.normal(10, 1.6, n)).astype(np.int64)
        self.level = draw.integers(7, size=n)
        # A question of a category is near that category: what makes filter A correlated.
        self.asked_category = draw.integers(len(CATEGORIES), size=ASKED)
        at = 0.6 * middle[self.asked_category] + draw.standard_normal((ASKED, DIMENSIONS))
        self.asked = (at / np.linalg.norm(at, axis=1, keepdims=True)).astype(np.float32)
        self.asked_city = draw.integers(CITIES, size=ASKED)
        self.asked_price = draw.integers(len(PRICES), size=ASKED)

    def passes(self, name: str, at: int) -> np.ndarray:
        kept = self.room.copy()
        for part in FILTERS[name]:
            if part != "room":
                kept &= getattr(self, part) == getattr(self, f"asked_{part}")[at]
        return kept

    def codes(self, name: str, at: int) -> list[str]:
        said = {
            "category": f"category:{CATEGORIES[self.asked_category[at]]}",
            "city": f"city:{city(self.asked_city[at])}",
            "price": f"price:{PRICES[self.asked_price[at]]}",
            "room": "room:free",
        }
        return [said[part] for part in FILTERS[name]]


def city(number: int) -> str:
    return f"城市{number}"


def word(number: int) -> str:
    """A word of two characters."""
    return chr(0x4E00 + 37 * (number // 64) % 9000) + chr(0x6000 + 91 * (number % 64))


def words(numbers: list[int]) -> str:
    """A row's tsvector: its words, and the single characters under them."""
    said = {word(number): "ABC"[at % 3] for at, number in enumerate(numbers)}
    said |= {character: "D" for each in list(said) for character in each}
    return " ".join(f"'{each}':{at}{weight}" for at, (each, weight) in enumerate(said.items(), start=1))


def key(number: int) -> UUID:
    return UUID(int=(0x0190_0000_0000_7000_8000 << 48) + (number * 0x9E37_79B9_7F4A % (1 << 48)))


def fill(conninfo: str, drawn: Drawn) -> None:
    """Parties and their rows of the index, copied in; the vectors stand in a column of the bench's own."""
    n = len(drawn.category)
    with psycopg.connect(conninfo) as connection:
        connection.execute("ALTER TABLE finding_creators ADD COLUMN place vector(64)")
        generation = connection.execute(
            "INSERT INTO finding_generations (active, creators, begun_at) VALUES (true, %s, now()) RETURNING id",
            [n],
        ).fetchone()[0]  # type: ignore[index]
        with connection.cursor().copy(
            "COPY parties (id, role, name, handle, city, bio, verification, claim, verification_reason) FROM STDIN"
        ) as copy:
            for number in range(n):
                copy.write_row(
                    (key(number), "creator", f"creator {number}", f"c{number}", "", "", "verified", "{}", "")
                )
        with connection.cursor().copy(
            "COPY finding_creators (generation, party_id, since, lot, words, facets, fans, level, price_fen,"
            " price_video_fen, room, place) FROM STDIN"
        ) as copy:
            moment = "2026-01-01T00:00:00Z"
            for number in range(n):
                low = int(PRICES[drawn.price[number]].partition("-")[0])
                said = words(drawn.words[number].tolist())
                facets = [
                    f"category:{CATEGORIES[drawn.category[number]]}",
                    f"city:{city(drawn.city[number])}",
                    f"price:{PRICES[drawn.price[number]]}",
                    f"level:{drawn.level[number]}",
                    "kind:creator",
                    *(["room:free"] if drawn.room[number] else []),
                ]
                copy.write_row(
                    (
                        generation, key(number), moment, key(number).bytes[-1], said, facets,
                        int(drawn.fans[number]), int(drawn.level[number]), low + 1, low + 1,
                        int(drawn.room[number]), literal(drawn.place[number]),
                    )
                )  # fmt: skip
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("CREATE INDEX ON finding_creators USING hnsw (place vector_cosine_ops)")
    vacuum(conninfo)


def literal(place: np.ndarray) -> str:
    return "[" + ",".join(f"{x:.5g}" for x in place) + "]"


PASSING = "generation = (SELECT id FROM finding_generations WHERE active) AND facets @> %(codes)s::varchar[]"
PLAIN = (
    f"SELECT party_id FROM finding_creators WHERE {PASSING} ORDER BY place <=> %(at)s::vector LIMIT {NEAREST}"
)
EXACT = f"""SELECT party_id FROM (SELECT party_id, place FROM finding_creators WHERE {PASSING} OFFSET 0) z
    ORDER BY place <=> %(at)s::vector LIMIT {NEAREST}"""
HNSW = f"""SELECT party_id FROM (SELECT party_id, place <=> %(at)s::vector AS far FROM finding_creators
    WHERE {PASSING} ORDER BY place <=> %(at)s::vector LIMIT {2 * NEAREST}) z ORDER BY far LIMIT {NEAREST}"""
WALK = (
    "SET LOCAL hnsw.iterative_scan = relaxed_order",
    "SET LOCAL hnsw.ef_search = 200",
    "SET LOCAL hnsw.max_scan_tuples = 60000",
    "SET LOCAL enable_sort = off",
    "SET LOCAL enable_bitmapscan = off",
    "SET LOCAL enable_seqscan = off",
)

Way = Callable[[str, int], list[Any]]


@contextmanager
def ways(conninfo: str, drawn: Drawn) -> Iterator[dict[str, Way]]:
    with psycopg.connect(conninfo, autocommit=True) as connection:

        def asked(name: str, at: int) -> dict[str, Any]:
            return {"codes": drawn.codes(name, at), "at": literal(drawn.asked[at])}

        def sql(name: str, at: int, statement: str = PLAIN) -> list[Any]:
            return [row[0] for row in connection.execute(statement, asked(name, at))]

        def hnsw(name: str, at: int) -> list[Any]:
            with connection.transaction():
                for setting in WALK:
                    connection.execute(setting)
                return sql(name, at, HNSW)

        def numpy(name: str, at: int) -> list[Any]:
            kept = np.flatnonzero(drawn.passes(name, at))
            alike = drawn.place[kept] @ drawn.asked[at]
            best = np.argpartition(-alike, min(NEAREST, len(kept)) - 1)[:NEAREST] if len(kept) else []
            return [key(int(kept[each])) for each in best]

        def rule(name: str, at: int) -> list[Any]:
            plan = connection.execute(
                f"EXPLAIN (FORMAT JSON) SELECT 1 FROM finding_creators WHERE {PASSING}", asked(name, at)
            ).fetchone()
            few = plan[0][0]["Plan"]["Plan Rows"] < FEW  # type: ignore[index]
            return sql(name, at, EXACT) if few else hnsw(name, at)

        yield {"rule": rule, "numpy": numpy, "sql": sql, "hnsw": hnsw}


def run(rounds: int) -> list[Result]:
    drawn = Drawn(CREATORS)
    results: list[Result] = []
    with product("retrieval") as (app, _url, conninfo):
        fill(conninfo, drawn)
        with ways(conninfo, drawn) as known:
            for name in FILTERS:
                results += measured(name, known, drawn, rounds)
        results += square(app, drawn, rounds)
    return results


def measured(name: str, known: dict[str, Way], drawn: Drawn, rounds: int) -> list[Result]:
    """One filter, every way in turns; questions a second, and what each way finds of numpy's fifty."""
    rates: dict[str, list[float]] = {way: [] for way in known}
    found: dict[str, list[list[Any]]] = {}
    for counts in [False] + [True] * rounds:
        for way, ask in known.items():
            begin = time.perf_counter()
            found[way] = [ask(name, at) for at in range(ASKED)]
            if counts:
                rates[way].append(ASKED / (time.perf_counter() - begin))
    share = sum(drawn.passes(name, at).mean() for at in range(ASKED)) / ASKED
    details = {"creators": CREATORS, "share": round(float(share), 5)} | {
        f"recall_{way}": round(recall(found[way], found["numpy"]), 4) for way in known
    }
    said = f"questions/s; {share:.2%} pass, recall@50 {details['recall_rule']:.3f}"
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


def square(app: Any, drawn: Drawn, rounds: int) -> list[Result]:
    """The square's page and counts, against reading the whole index once; no words-and-facets question may do so."""
    from sqlalchemy import event, text

    from market.finding import queries
    from market.finding.asked import Asked
    from market.kit.db import db

    rare, common = word(900), word(5)
    questions = {
        "words": Asked(q=rare),
        "words_facets": Asked(q=common, chosen={"category": ("food",), "room": ("free",)}),
        "facets": Asked(chosen={"category": ("food",), "city": (city(3),)}),
        "everybody": Asked(),
    }
    results = []
    with app.app_context():
        heard: list[tuple[str, Any]] = []

        def hear(_c: Any, _cur: Any, statement: str, given: Any, *_rest: Any) -> None:
            heard.append((statement, given))

        def whole() -> float:
            begin = time.perf_counter()
            db.session.execute(text("SELECT sum(cardinality(facets) + length(words)) FROM finding_creators"))
            return 1 / (time.perf_counter() - begin)

        for name, asked in questions.items():
            heard.clear()
            event.listen(db.engine, "before_cursor_execute", hear)
            queries.search(asked, limit=24)
            seen = queries.overview(asked)
            event.remove(db.engine, "before_cursor_execute", hear)
            scans = sum(reads_all(statement, given) for statement, given in list(heard))
            if scans and name.startswith("words"):
                raise RuntimeError(f"{name}: {scans} statements read the whole index")

            def page(asked: Asked = asked) -> float:
                begin = time.perf_counter()
                queries.search(asked, limit=24)
                queries.overview(asked)
                return 1 / (time.perf_counter() - begin)

            ours, theirs = [], []
            for counts in [False] + [True] * rounds:
                other, mine = whole(), page()
                if counts:
                    ours.append(mine)
                    theirs.append(other)
            slowest = 1000 / min(ours)
            results.append(
                Result(
                    f"square_{name}",
                    "reading the whole index once",
                    f"pages/s; slowest {slowest:.0f} ms, {seen.here.total} found",
                    ours,
                    theirs,
                    {"creators": CREATORS, "statements": len(heard), "whole_scans": scans},
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
    return int(
        any(
            node["Node Type"] == "Seq Scan" and node.get("Relation Name") == "finding_creators"
            for node in nodes(plan)
        )
    )


def nodes(plan: Any) -> Iterator[dict[str, Any]]:
    if isinstance(plan, list):
        for each in plan:
            yield from nodes(each)
    elif isinstance(plan, dict):
        if "Node Type" in plan:
            yield plan
        for value in plan.values():
            if isinstance(value, list | dict):
                yield from nodes(value)
