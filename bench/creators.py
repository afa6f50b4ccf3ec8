"""A market of many creators, drawn: where their words lie, what they ask, what they delivered, and briefs for them.

Words lie as in a text model fitted on ten thousand real briefs (median cosine with the nearest other .75, the tenth .6,
a random one 0): each creator speaks of three of their category's subjects, and a fifth is their own. Cities, prices and
room have nothing to do with the words. Rows are copied in; the services would need hours.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

import numpy as np
import psycopg

from bench.server import vacuum

DIMENSIONS, CITIES, WORDS, SUBJECTS, ASKED = 128, 40, 3000, 400, 20
MERCHANTS, WORKS_SHARE, TAGS = 500, 20, 40
CATEGORIES = ("beauty", "fashion", "food", "home", "digital", "outdoor", "baby", "pets")
LENGTHS = ("short", "medium", "long")
PRICES = ("0-50000", "50000-100000", "100000-300000", "300000-1000000", "1000000-3000000")
FILTERS = {"A": ("category", "price", "room"), "D": ("city", "price", "room"),
           "B": ("category", "city", "price", "room"), "C": ("room",)}  # fmt: skip


class Drawn:
    """The creators' columns as arrays, and the questions asked of them."""

    def __init__(self, n: int, seed: int = 1) -> None:
        draw = np.random.default_rng(seed)
        self.n = n
        self.subjects = draw.standard_normal((SUBJECTS, DIMENSIONS)).astype(np.float32)
        self.subjects /= np.linalg.norm(self.subjects, axis=1, keepdims=True)
        self.category = draw.integers(len(CATEGORIES), size=n)
        self.place = self._places(draw, self.category)
        self.city = draw.integers(CITIES, size=n)
        self.price = np.exp(draw.uniform(np.log(20_000), np.log(1_000_000), size=n)).astype(np.int64)
        self.room = draw.random(n) < 0.7
        weight = (1 + np.arange(WORDS)) ** -0.8
        self.words = draw.choice(WORDS, size=(n, 12), p=weight / weight.sum())
        self.fans = np.exp(draw.normal(10, 1.6, n)).astype(np.int64)
        self.level = draw.integers(7, size=n)
        self.ceiling = int(np.quantile(self.price, 0.25))
        # A question of a category is about that category's subjects: what makes filter A correlated.
        self.asked_category = draw.integers(len(CATEGORIES), size=ASKED)
        self.asked = self._places(draw, self.asked_category)
        self.asked_city = draw.integers(CITIES, size=ASKED)
        self.draw = draw

    def _places(self, draw: np.random.Generator, category: np.ndarray) -> np.ndarray:
        n, step = len(category), 100_000
        places = np.empty((n, DIMENSIONS), dtype=np.float32)
        for at in range(0, n, step):
            some = category[at : at + step]
            spoken = subjects_of(draw, some, 3)
            shares = draw.dirichlet(np.ones(3), size=len(some)).astype(np.float32)
            said = np.einsum("nk,nkd->nd", shares, self.subjects[spoken])
            said /= np.linalg.norm(said, axis=1, keepdims=True)
            said += 0.5 / DIMENSIONS**0.5 * draw.standard_normal(said.shape, dtype=np.float32)
            places[at : at + step] = said / np.linalg.norm(said, axis=1, keepdims=True)
        return places

    def passes(self, name: str, at: int) -> np.ndarray:
        kept = self.room.copy()
        if "price" in FILTERS[name]:
            kept &= self.price <= self.ceiling
        for part in ("category", "city"):
            if part in FILTERS[name]:
                kept &= getattr(self, part) == getattr(self, f"asked_{part}")[at]
        return kept

    def wanted(self, name: str, at: int) -> Any:
        """The same as the product's condition."""
        from market.accounts.vocabulary import Length
        from market.matching.declared import Wanted

        parts = FILTERS[name]
        return Wanted(
            category=CATEGORIES[self.asked_category[at]] if "category" in parts else None,
            city=city(self.asked_city[at]) if "city" in parts else None,
            length=Length.MEDIUM,
            ceiling_fen=self.ceiling if "price" in parts else None,
        )


def subjects_of(draw: np.random.Generator, category: np.ndarray, many: int) -> np.ndarray:
    return (
        draw.integers(SUBJECTS // len(CATEGORIES), size=(len(category), many)) * len(CATEGORIES)
        + (category[:, None])
    )


def city(number: int) -> str:
    return f"城市{number}"


def word(number: int) -> str:
    """A word of two characters."""
    return chr(0x4E00 + 37 * (number // 64) % 9000) + chr(0x6000 + 91 * (number % 64))


def words(numbers: Sequence[int]) -> str:
    """A row's tsvector: its words, and the single characters under them."""
    said = {word(number): "ABC"[at % 3] for at, number in enumerate(numbers)}
    said |= {character: "D" for each in list(said) for character in each}
    return " ".join(f"'{each}':{at}{weight}" for at, (each, weight) in enumerate(said.items(), start=1))


def key(number: int) -> UUID:
    return UUID(int=(0x0190_0000_0000_7000_8000 << 48) + (number * 0x9E37_79B9_7F4B % (1 << 48)))


def literal(place: np.ndarray) -> str:
    return "[" + ",".join(f"{x:.4g}" for x in place.tolist()) + "]"


def of_lengths(fen: int) -> tuple[int, int, int]:
    """What is asked for a video of each length; the drawn price is the middle one's, which the questions are about."""
    return fen * 2 // 3, fen, fen * 3 // 2


def band(fen: int) -> str:
    return next(each for each in PRICES if fen < int(each.partition("-")[2]))


def fill(conninfo: str, drawn: Drawn) -> dict[str, float]:
    """Creators as parties, profiles, rows of the square's index and of matching's; seconds by what took them."""
    took: dict[str, float] = {}
    with psycopg.connect(conninfo) as connection:
        connection.execute("SET maintenance_work_mem = '2GB'")
        connection.execute("SET max_parallel_maintenance_workers = 2")
        generation = connection.execute(
            "INSERT INTO finding_generations (active, creators, begun_at) VALUES (true, %s, now()) RETURNING id",
            [drawn.n],
        ).fetchone()[0]  # type: ignore[index]
        _model(connection, drawn)
        begin = perf_counter()
        with without_indexes(connection, ("finding_creators", "match_profiles", "match_pieces"), took):
            _parties(connection, drawn)
            _square(connection, drawn, generation)
            _profiles(connection, drawn)
            connection.execute(
                "INSERT INTO match_pieces (creator_id, slot, n, place) SELECT creator_id, slot, 0, place FROM match_profiles"
            )
            took["rows"] = perf_counter() - begin
    vacuum(conninfo)
    return took


@contextmanager
def without_indexes(
    connection: psycopg.Connection[Any], tables: Sequence[str], took: dict[str, float]
) -> Iterator[None]:
    """Indexes are made after the rows, as they would be by whoever loads so many at once."""
    rows = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes i WHERE tablename = ANY(%s) AND NOT EXISTS"
        " (SELECT FROM pg_constraint c WHERE c.conname = i.indexname)",
        [list(tables)],
    ).fetchall()
    for name, _definition in rows:
        connection.execute(f"DROP INDEX {name}")
    yield
    for name, definition in rows:
        begin = perf_counter()
        connection.execute(definition)
        took[name] = perf_counter() - begin


def _model(connection: psycopg.Connection[Any], drawn: Drawn) -> None:
    """A text model in which every subject is a word, so that a brief lies where its words say."""
    from market.matching.text import Geometry, packed

    geometry = Geometry(
        {f"subject{n}": n for n in range(SUBJECTS)}, np.ones(SUBJECTS, dtype=np.float32), drawn.subjects
    )
    connection.execute(
        "INSERT INTO match_text_models (state, documents, slot, blob, report) VALUES ('active', %s, 0, %s, '{}')",
        [drawn.n // WORKS_SHARE, packed(geometry)],
    )


def _parties(connection: psycopg.Connection[Any], drawn: Drawn) -> None:
    with connection.cursor().copy(
        "COPY parties (id, role, name, handle, city, bio, verification, claim, verification_reason) FROM STDIN"
    ) as copy:
        for n in range(drawn.n):
            copy.write_row((key(n), "creator", f"creator {n}", f"c{n}", "", "", "verified", "{}", ""))
    with connection.cursor().copy(
        "COPY profiles (party_id, kind, categories, platform_level, fans, audience, price_video_short_fen,"
        " price_video_medium_fen, price_video_long_fen, slots_per_week, city_tier, works, replies, unanswered) FROM STDIN"
    ) as copy:
        for n in range(drawn.n):
            copy.write_row(
                (
                    key(n), "creator", [CATEGORIES[drawn.category[n]]], int(drawn.level[n]), int(drawn.fans[n]),
                    "{}", *of_lengths(int(drawn.price[n])), 2 if drawn.room[n] else 0, "", "[]", 0, 0,
                )
            )  # fmt: skip


def _square(connection: psycopg.Connection[Any], drawn: Drawn, generation: int) -> None:
    from market.finding.facets import FANS_STEPS
    from market.kit.spans import span_of

    with connection.cursor().copy(
        "COPY finding_creators (generation, party_id, since, lot, words, facets, fans, level, price_fen,"
        " price_video_short_fen, price_video_medium_fen, price_video_long_fen, room) FROM STDIN"
    ) as copy:
        moment = "2026-01-01T00:00:00Z"
        for n in range(drawn.n):
            of = of_lengths(int(drawn.price[n]))
            facets = [
                f"category:{CATEGORIES[drawn.category[n]]}",
                f"city:{city(drawn.city[n])}",
                "format:video",
                "kind:creator",
                f"fans:{span_of(int(drawn.fans[n]), FANS_STEPS)}",
                f"level:{drawn.level[n]}",
                *(f"length:{length}" for length in LENGTHS),
                f"price.video:{band(of[0])}",
                *(f"price.video.{each}:{band(fen)}" for each, fen in zip(LENGTHS, of, strict=True)),
                f"price:{band(of[0])}",
                *(["room:free"] if drawn.room[n] else []),
            ]
            copy.write_row(
                (
                    generation, key(n), moment, key(n).bytes[-1], words(drawn.words[n].tolist()), facets,
                    int(drawn.fans[n]), int(drawn.level[n]), of[0], *of, int(drawn.room[n]),
                )
            )  # fmt: skip


def _profiles(connection: psycopg.Connection[Any], drawn: Drawn) -> None:
    from market.matching.declared import FREE, _band

    with connection.cursor().copy(
        "COPY match_profiles (creator_id, slot, place, codes, price_video_short_fen, price_video_medium_fen,"
        " price_video_long_fen) FROM STDIN"
    ) as copy:
        for n in range(drawn.n):
            of = of_lengths(int(drawn.price[n]))
            codes = [
                f"c:{CATEGORIES[drawn.category[n]]}",
                f"in:{city(drawn.city[n])}",
                f"video:{_band(of[0])}",
                *(f"video.{each}:{_band(fen)}" for each, fen in zip(LENGTHS, of, strict=True)),
                *([FREE] if drawn.room[n] else []),
            ]
            copy.write_row((key(n), 0, literal(drawn.place[n]), codes, *of))


def add_history(app: Any, conninfo: str, drawn: Drawn) -> None:
    """One work to every WORKS_SHARE creators, by MERCHANTS merchants over two years, and the sums of them."""
    n = drawn.n // WORKS_SHARE
    draw = np.random.default_rng(2)
    maker = draw.integers(drawn.n, size=n)
    days, merchant = draw.integers(730, size=n), draw.integers(MERCHANTS, size=n)
    tags = draw.integers(TAGS, size=(n, 3))
    with psycopg.connect(conninfo) as connection:
        connection.execute("SET maintenance_work_mem = '1GB'")
        with connection.cursor().copy(
            "COPY parties (id, role, name, handle, city, bio, verification, claim, verification_reason) FROM STDIN"
        ) as copy:
            for at in range(MERCHANTS):
                copy.write_row((shop(at), "merchant", f"shop {at}", f"s{at}", "", "", "verified", "{}", ""))
        now = datetime.now(UTC)
        with connection.cursor().copy(
            "COPY match_works (id, source, merchant_id, at, category, format, tags, words) FROM STDIN"
        ) as copy:
            for at in range(n):
                kind = CATEGORIES[drawn.category[maker[at]]]
                copy.write_row(
                    (
                        work(at), f"import:{at}", shop(int(merchant[at])), now - timedelta(days=int(days[at])), kind,
                        "video", [tag(kind, each) for each in sorted(set(tags[at].tolist()))], "",
                    )
                )  # fmt: skip
        with connection.cursor().copy("COPY match_workers (work_id, creator_id) FROM STDIN") as copy:
            for at in range(n):
                copy.write_row((work(at), key(int(maker[at]))))
        connection.execute("CREATE TEMP TABLE places (work_id uuid, place vector(128))")
        with connection.cursor().copy("COPY places FROM STDIN") as copy:
            for at in range(n):
                copy.write_row((work(at), literal(drawn.place[maker[at]])))
        with without_indexes(connection, ("match_vectors",), {}):
            connection.execute(
                "INSERT INTO match_vectors (model_id, work_id, place)"
                " SELECT m.id, p.work_id, p.place FROM places p, match_text_models m"
            )
    vacuum(conninfo)
    with app.app_context():
        from market.kit.db import db
        from market.matching import history

        history.rebuild()
        db.session.remove()
        db.engine.dispose()
    vacuum(conninfo)


def shop(number: int) -> UUID:
    return UUID(int=(0x0191_0000_0000_7000_8000 << 48) + number)


def work(number: int) -> UUID:
    return UUID(int=(0x0192_0000_0000_7000_8000 << 48) + number)


def tag(category: str, number: int) -> str:
    return f"{category} {number}"


def briefs(app: Any, drawn: Drawn) -> list[UUID]:
    """ASKED drafts by one merchant, each about two subjects of its category; their ids."""
    from market.accounts import service as accounts
    from market.accounts.actor import Role
    from market.accounts.models import Verification
    from market.kit.db import db, transaction
    from market.tasks import service as tasks

    draw = np.random.default_rng(3)
    spoken = subjects_of(draw, drawn.asked_category, 2)
    with app.app_context():
        with transaction():
            made = accounts.admit(
                email="briefs@bench.example", password_hash="-", name="Briefs", role=Role.MERCHANT
            )
            made.party.verification = Verification.VERIFIED
            actor = made.actor()
        with transaction():
            found = [
                tasks.draft(
                    {
                        "category": CATEGORIES[drawn.asked_category[at]],
                        "format": "video",
                        "length": "medium",
                        "title": " ".join(f"subject{each}" for each in spoken[at]),
                        "goal": f"subject{spoken[at][0]}",
                        "tags": [
                            tag(CATEGORIES[drawn.asked_category[at]], int(each))
                            for each in draw.integers(TAGS, size=2)
                        ],
                        "budget_fen": drawn.ceiling,
                    },
                    by=actor,
                ).id
                for at in range(ASKED)
            ]
        db.session.remove()
        db.engine.dispose()
    return found
