"""What creators have done, kept as sums that fade: work counts half after HALF_LIFE_DAYS.

2^(-age/h) of a work splits into a part of its own date and a part of the moment of asking, so the sums are kept as of
EPOCH, grow by one row's change per work, and are faded when read. Idf weights are those of the moment a work was noted;
a rebuild brings all to today's.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from market.kit.clock import now
from market.kit.db import Base, db, transaction
from market.kit.events import Event
from market.kit.search import folded
from market.matching import text as texts
from market.matching.models import CreatorMass, Generation, PairMass, PastWork, PastWorker, TagCount, TagMass
from market.matching.text import MOST_CHARACTERS, words_of
from market.orders.models import Order
from market.tasks.models import Task

HALF_LIFE_DAYS = 120
YEARLY_DAYS = 365
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
ALL = "*"
"""The tag every work has: its count is the number of works."""
LEAST_IDF = 0.05
"""A tag that stands everywhere says next to nothing, but a work known by such tags only is still known by them."""
BATCH = 500


def growth(at: datetime, half_life_days: int = HALF_LIFE_DAYS) -> float:
    """What a work of this moment weighs as of EPOCH; dividing by growth(now) fades it."""
    return math.exp2((at - EPOCH).total_seconds() / 86400 / half_life_days)


def tags_of(category: str, tags: Iterable[str]) -> list[str]:
    """All a work or brief is known by: its category and its own tags, each in a space of its own."""
    return sorted({f"c:{category}", *(f"t:{folded(tag.strip())}" for tag in tags if tag.strip())})


def weigher(tags: Iterable[str], generation: int) -> Callable[[Sequence[str]], dict[str, float]]:
    """A function that makes the unit vector of a set of these tags: rare ones weigh more. One statement for all."""
    counts = dict(
        db.session.execute(
            select(TagCount.tag, TagCount.works).where(
                TagCount.generation == generation, TagCount.tag.in_([ALL, *tags])
            )
        ).all()
    )
    n = counts.get(ALL, 0)

    def weigh(some: Sequence[str]) -> dict[str, float]:
        idf = {tag: max(0.0, math.log((n + 1) / (counts.get(tag, 0) + 1))) + LEAST_IDF for tag in some}
        length = math.sqrt(sum(value * value for value in idf.values())) or 1.0
        return {tag: value / length for tag, value in idf.items()}

    return weigh


def weights(tags: Sequence[str], generation: int) -> dict[str, float]:
    """The unit vector of one set of tags."""
    return weigher(tags, generation)(tags)


def active() -> int | None:
    """The generation to read; None before the first work."""
    return db.session.scalar(select(Generation.id).where(Generation.active))


def note(
    source: str,
    *,
    merchant_id: UUID,
    creator_ids: Sequence[UUID],
    at: datetime,
    category: str,
    format: str,
    tags: Sequence[str] = (),
    words: str = "",
    add_up: bool = True,
) -> UUID | None:
    """Remember a delivered work, once: None when `source` was noted before.

    Without `add_up` the sums know of it only after the next rebuild: for many at once.
    """
    work_id: UUID | None = db.session.scalar(
        insert(PastWork)
        .values(
            source=source,
            merchant_id=merchant_id,
            at=at,
            category=category,
            format=format,
            tags=list(tags),
            words=words[:MOST_CHARACTERS],
        )
        .on_conflict_do_nothing(index_elements=["source"])
        .returning(PastWork.id)
    )
    if work_id is None:
        return None
    db.session.execute(
        insert(PastWorker), [{"work_id": work_id, "creator_id": each} for each in sorted(set(creator_ids))]
    )
    if not add_up:
        return work_id
    work = db.session.get_one(PastWork, work_id)
    # Shared with other notes, and against a rebuild that begins or ends at this moment.
    living = select(Generation).where(Generation.upto < work.serial).with_for_update(read=True)
    for generation in db.session.scalars(living.order_by(Generation.id)).all() or [_first()]:
        _count(generation.id, work)
        _add(generation.id, [(work, sorted(set(creator_ids)))])
    texts.keep_work(work_id, work.words)
    return work_id


def learn(event: Event) -> None:
    """order.completed: one more work of this creator for this merchant."""
    order = db.session.get_one(Order, event.subject_id)
    task = db.session.get_one(Task, order.task_id)
    note(
        f"order:{order.id}",
        merchant_id=order.merchant_id,
        creator_ids=[order.creator_id],
        at=order.ended_at or event.at,
        category=order.category,
        format=order.format.value,
        tags=task.tags,
        words=words_of(task),
    )


COUNT = text("""
    INSERT INTO match_tags (generation, tag, works)
    SELECT :generation, tag, count(*) FROM (
        SELECT 'c:' || category AS tag FROM match_works WHERE serial <= :upto
        UNION ALL SELECT :all FROM match_works WHERE serial <= :upto
        UNION ALL SELECT 't:' || tag FROM (
            SELECT DISTINCT serial, lower(trim(each)) AS tag FROM match_works, unnest(tags) AS each
            WHERE serial <= :upto AND trim(each) <> ''
        ) own
    ) named GROUP BY tag""")


def _first() -> Generation:
    """The generation of the very first work; whoever comes at the same moment waits and finds it made."""
    db.session.execute(text("LOCK TABLE match_generations IN SHARE ROW EXCLUSIVE MODE"))
    if there := db.session.scalar(select(Generation).where(Generation.active)):
        return there
    made = Generation(active=True)
    db.session.add(made)
    db.session.flush()
    return made


def _count(generation: int, work: PastWork) -> None:
    tags = sorted([ALL, *tags_of(work.category, work.tags)])
    rows = [{"generation": generation, "tag": tag, "works": 1} for tag in tags]
    _upsert(TagCount, rows, ["generation", "tag"], ["works"])


def _add(generation: int, works: Sequence[tuple[PastWork, Sequence[UUID]]]) -> None:
    """Add works to the sums. Rows are written in the order of their keys, so that twins wait and do not deadlock."""
    tagged: dict[tuple[str, UUID], float] = {}
    pairs: dict[tuple[UUID, UUID], float] = {}
    alls: dict[UUID, list[float]] = {}
    tags = {work.id: tags_of(work.category, work.tags) for work, _makers in works}
    weigh = weigher({tag for each in tags.values() for tag in each}, generation)
    for work, makers in works:
        mass, yearly = growth(work.at), growth(work.at, YEARLY_DAYS)
        share = weigh(tags[work.id])
        for maker in makers:
            for tag, weight in share.items():
                tagged[tag, maker] = tagged.get((tag, maker), 0.0) + mass * weight
            pairs[work.merchant_id, maker] = pairs.get((work.merchant_id, maker), 0.0) + mass
            sums = alls.setdefault(maker, [0.0, 0.0, 0])
            sums[0] += mass
            sums[1] += yearly
            sums[2] += 1
    _upsert(
        TagMass,
        [
            {"generation": generation, "tag": tag, "creator_id": maker, "mass": mass}
            for (tag, maker), mass in sorted(tagged.items())
        ],
        ["generation", "tag", "creator_id"],
        ["mass"],
    )
    _upsert(
        PairMass,
        [
            {"generation": generation, "merchant_id": merchant, "creator_id": maker, "mass": mass}
            for (merchant, maker), mass in sorted(pairs.items())
        ],
        ["generation", "merchant_id", "creator_id"],
        ["mass"],
    )
    _upsert(
        CreatorMass,
        [
            {
                "generation": generation,
                "creator_id": maker,
                "lately": lately,
                "yearly": yearly,
                "works": int(n),
            }
            for maker, (lately, yearly, n) in sorted(alls.items())
        ],
        ["generation", "creator_id"],
        ["lately", "yearly", "works"],
    )


def _upsert(model: type[Base], rows: Sequence[Mapping[str, object]], key: list[str], sums: list[str]) -> None:
    if not rows:
        return
    table = model.metadata.tables[model.__tablename__]
    asked = insert(table)
    added = {name: table.c[name] + asked.excluded[name] for name in sums}
    db.session.execute(asked.on_conflict_do_update(index_elements=key, set_=added), rows)


def rebuild(progress: Callable[[int, int], None] = lambda done, of: None) -> int:
    """Make all sums anew beside those in use, then switch. Killed half-way, the old ones stay in use; returns the works.

    Opens its own transactions, one per BATCH works, so that nobody waits for it.
    """
    with transaction():
        # Whoever is noting a work at this moment holds these rows: after them, every work is below `upto` or sees us.
        db.session.scalars(select(Generation).with_for_update()).all()
        db.session.execute(delete(Generation).where(~Generation.active))
        upto = db.session.scalar(select(func.coalesce(func.max(PastWork.serial), 0))) or 0
        made = Generation(upto=upto)
        db.session.add(made)
        db.session.flush()
        fresh, of = made.id, db.session.scalar(select(func.count()).select_from(PastWork)) or 0
        # The counts first, so that the weights are today's for the oldest work, too.
        db.session.execute(COUNT, {"generation": fresh, "upto": upto, "all": ALL})
    done, last = 0, 0
    while True:
        with transaction():
            works = db.session.scalars(
                select(PastWork)
                .where(PastWork.serial > last, PastWork.serial <= upto)
                .order_by(PastWork.serial)
                .limit(BATCH)
            ).all()
            makers = _makers([work.id for work in works])
            _add(fresh, [(work, makers.get(work.id, [])) for work in works])
        if not works:
            break
        done, last = done + len(works), works[-1].serial
        progress(done, of)
        db.session.expunge_all()
    with transaction():
        db.session.scalars(select(Generation).with_for_update()).all()
        db.session.execute(delete(Generation).where(Generation.id != fresh))
        db.session.execute(update(Generation).where(Generation.id == fresh).values(active=True, works=done))
    return done


def rebuild_when_stale() -> bool:
    """Bring the tags' weights up to date when a tenth of the past works came after the last rebuild."""
    total = db.session.scalar(select(func.count()).select_from(PastWork)) or 0
    known = db.session.scalar(select(Generation.works).where(Generation.active)) or 0
    db.session.rollback()
    return total - known > texts.STALE_SHARE * total and rebuild() > 0


def _makers(work_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    rows = select(PastWorker.work_id, PastWorker.creator_id).where(PastWorker.work_id.in_(work_ids))
    for work_id, creator_id in db.session.execute(rows.order_by(PastWorker.work_id, PastWorker.creator_id)):
        found.setdefault(work_id, []).append(creator_id)
    return found


def horizon() -> datetime:
    """The moment from which age is counted: that of the newest work, so that a market that rested, or was brought in
    from an old archive, ranks as on its last day."""
    newest = db.session.scalar(select(func.max(PastWork.at)))
    return min(newest, now()) if newest else now()


def faded(moment: datetime) -> tuple[float, float]:
    """By what to divide the sums of HALF_LIFE_DAYS and of YEARLY_DAYS at this moment."""
    return growth(moment), growth(moment, YEARLY_DAYS)
