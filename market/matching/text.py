"""Where texts lie: TF-IDF of words and Chinese character pairs, brought to DIMENSIONS by SVD (latent semantic analysis).

Fitted on the platform's own briefs and profiles, without foreign weights; a version is a row, and vectors belong to a version. The
fit wants scikit-learn and runs as a job; placing a text wants numpy only.
"""

import io
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, insert, select, text, update

from market.creators.models import Profile
from market.kit.alone import alone
from market.kit.db import db, transaction
from market.kit.events import Event
from market.kit.search import pieces
from market.matching.models import (
    DIMENSIONS,
    SLOTS,
    BriefPlace,
    ModelState,
    PastWork,
    TextModel,
    WorkVector,
)
from market.tasks.models import Task, TaskState

LEAST_DOCUMENTS = 20
"""Below this there is no geometry worth having: the other terms rank alone."""
MOST_WORDS = 40_000
MOST_CHARACTERS = 6000
NEAREST = 200
EXACT_BELOW = 20_000
"""Up to so many works every distance is computed; beyond, the index answers approximately."""
MOST_READ = 100_000
"""The newest so many works, and so many profiles, are read to learn what words mean; all are laid out."""
BATCH = 500

Vector = NDArray[np.float32]

_SAYS_NOTHING = (
    "a an and are as at be but by for from has have if in into is it its of on or our so that the their then there "
    "these they this to was we were will with you your not no can do does"
)
_STOP = frozenset(_SAYS_NOTHING.split())


@dataclass(frozen=True)
class Geometry:
    """A fitted model: `words` by number, their idf, and the matrix that brings them to DIMENSIONS."""

    words: dict[str, int]
    idf: Vector
    axes: Vector

    def place(self, said: str) -> Vector | None:
        """The unit vector of a text; None when it holds no word we know."""
        found = Counter(self.words[word] for word in tokens(said) if word in self.words)
        if not found:
            return None
        at = np.fromiter(found.keys(), dtype=np.int64)
        tf = 1 + np.log(np.fromiter(found.values(), dtype=np.float32))
        vector = (tf * self.idf[at]) @ self.axes[at]
        length = float(np.linalg.norm(vector))
        return np.asarray(vector / length, dtype=np.float32) if length > 1e-9 else None


def tokens(said: str) -> list[str]:
    """What counts as a word: pairs of Chinese characters, Latin words of two letters or more that say something."""
    return [word for word in pieces(said) if len(word) > 1 and word not in _STOP]


def words_of(task: Task) -> str:
    """The text of a brief; the title twice, because it says most."""
    lines = [*task.key_messages, *task.deliverables, *task.shots]
    return " ".join([task.title, task.title, task.goal, *map(str, lines)])[:MOST_CHARACTERS]


def fit(texts: Sequence[str]) -> tuple[Geometry, dict[str, Any]]:
    """A geometry of these texts, and how much of their variance it keeps."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    counter = TfidfVectorizer(
        analyzer=tokens, sublinear_tf=True, min_df=2 if len(texts) > 200 else 1, max_features=MOST_WORDS
    )
    table = counter.fit_transform(texts)
    dimensions = min(DIMENSIONS, table.shape[1] - 1, table.shape[0] - 1)
    svd = TruncatedSVD(dimensions, random_state=7)
    with np.errstate(invalid="ignore"):  # texts that are all the same have no variance to share out
        svd.fit(table)
    axes = np.zeros((table.shape[1], DIMENSIONS), dtype=np.float32)
    axes[:, :dimensions] = svd.components_.T
    words = {word: int(at) for word, at in counter.vocabulary_.items()}
    report = {
        "words": len(words),
        "dimensions": int(dimensions),
        "variance_kept": round(float(np.nan_to_num(svd.explained_variance_ratio_).sum()), 4),
    }
    return Geometry(words, counter.idf_.astype(np.float32), axes), report


def packed(geometry: Geometry) -> bytes:
    out = io.BytesIO()
    words = sorted(geometry.words, key=lambda word: geometry.words[word])
    joined = np.frombuffer("\n".join(words).encode(), dtype=np.uint8)
    np.savez_compressed(out, words=joined, idf=geometry.idf, axes=geometry.axes.astype(np.float16))
    return out.getvalue()


def unpacked(blob: bytes) -> Geometry:
    with np.load(io.BytesIO(blob), allow_pickle=False) as kept:
        words = kept["words"].tobytes().decode().split("\n")
        return Geometry(
            {word: at for at, word in enumerate(words)}, kept["idf"], kept["axes"].astype(np.float32)
        )


@lru_cache(maxsize=2)
def _geometry(model_id: UUID) -> Geometry:
    blob = db.session.scalar(select(TextModel.blob).where(TextModel.id == model_id))
    assert blob is not None
    return unpacked(blob)


def active() -> UUID | None:
    return db.session.scalar(select(TextModel.id).where(TextModel.state == ModelState.ACTIVE))


def space() -> tuple[UUID, int] | None:
    """The version in use, and the slot profiles lie in; None before the first."""
    found = db.session.execute(
        select(TextModel.id, TextModel.slot).where(TextModel.state == ModelState.ACTIVE)
    ).first()
    return (found.id, found.slot) if found else None


def place(model_id: UUID, said: str) -> Vector | None:
    return _geometry(model_id).place(said)


def nearest(model_id: UUID, at: Vector, most: int = NEAREST) -> list[tuple[UUID, float]]:
    """The past works most alike, with the cosine, the nearest first."""
    count = db.session.scalar(select(TextModel.documents).where(TextModel.id == model_id)) or 0
    asked = {"model": model_id, "at": literal(at), "most": most}
    if count < EXACT_BELOW:
        rows = db.session.execute(EXACT, asked)
    else:
        db.session.execute(text(f"SET LOCAL hnsw.ef_search = {most}"))
        db.session.execute(text("SET LOCAL hnsw.iterative_scan = relaxed_order"))
        rows = db.session.execute(INDEXED, asked)
    return sorted(((row[0], float(row[1])) for row in rows), key=lambda each: -each[1])


# OFFSET 0 keeps the planner from walking the index: up to EXACT_BELOW the sort is both quicker and complete.
EXACT = text("""
    SELECT work_id, 1 - (place <=> CAST(:at AS vector)) AS alike FROM (
        SELECT work_id, place FROM match_vectors WHERE model_id = :model OFFSET 0
    ) all_of_them ORDER BY place <=> CAST(:at AS vector) LIMIT :most""")
INDEXED = text("""
    SELECT work_id, 1 - (place <=> CAST(:at AS vector)) AS alike FROM match_vectors
    WHERE model_id = :model ORDER BY place <=> CAST(:at AS vector) LIMIT :most""")


def literal(at: Vector) -> str:
    """A vector as SQL says it."""
    return "[" + ",".join(f"{x:.6g}" for x in at) + "]"


def refit(progress: Callable[[int, int], None] = lambda done, of: None) -> TextModel | None:
    """Fit a new version on past works and profiles, lay works, profiles and open briefs out in it, then switch.

    None when there is too little, or another refit is at it. Opens its own transactions. Killed half-way, the old
    version stays in use, and the next refit clears what was left.
    """
    with alone("match text refit") as ours:
        return _refit(progress) if ours else None


def _refit(progress: Callable[[int, int], None]) -> TextModel | None:
    from market.matching import declared

    with transaction():
        db.session.execute(delete(TextModel).where(TextModel.state == ModelState.BUILDING))
        used = db.session.scalar(select(TextModel.slot).where(TextModel.state == ModelState.ACTIVE))
    slot = SLOTS[0] if used is None else SLOTS[1 - SLOTS.index(used)]
    declared.clear(slot)
    with transaction():
        newest = select(PastWork.words).order_by(PastWork.serial.desc()).limit(MOST_READ)
        said = list(reversed(db.session.scalars(newest).all()))
        of = db.session.scalar(select(func.count()).select_from(PastWork)) or 0
        creators = db.session.scalar(select(func.count()).select_from(Profile)) or 0
        said += declared.documents(MOST_READ)
    if len(said) < LEAST_DOCUMENTS:
        return None
    geometry, report = fit(said)
    del said
    with transaction():
        model = TextModel(
            documents=of, slot=slot, blob=packed(geometry), report=report | {"creators": creators}
        )
        db.session.add(model)
        db.session.flush()
        model_id = model.id
    done, last = 0, 0
    while True:
        with transaction():
            rows = db.session.execute(
                select(PastWork.id, PastWork.serial, PastWork.words)
                .where(PastWork.serial > last)
                .order_by(PastWork.serial)
                .limit(BATCH)
            ).all()
            _keep(model_id, geometry, rows)
        if not rows:
            break
        done, last = done + len(rows), rows[-1].serial
        progress(done, of + creators)
    # From here on events lay creators out in both.
    laid = declared.fill(model_id, slot, lambda done, _of: progress(of + done, of + creators))
    with transaction():
        # Works noted while we were at it.
        missing = select(PastWork.id, PastWork.words).where(PastWork.serial > last)
        _keep(model_id, geometry, db.session.execute(missing).all())
        db.session.execute(
            update(TextModel).where(TextModel.state == ModelState.ACTIVE).values(state=ModelState.RETIRED)
        )
        model = db.session.get_one(TextModel, model_id, populate_existing=True)
        model.state, model.report = ModelState.ACTIVE, model.report | {"profiles": laid}
        db.session.flush()
    with transaction():
        db.session.execute(delete(TextModel).where(TextModel.state == ModelState.RETIRED))
        for task in db.session.scalars(select(Task).where(Task.state == TaskState.OPEN)):
            index_brief(task)
    declared.clear(SLOTS[1 - SLOTS.index(slot)])
    return model


def _keep(model_id: UUID, geometry: Geometry, rows: Sequence[Any]) -> None:
    placed = [(row.id, geometry.place(row.words)) for row in rows]
    made = [{"model_id": model_id, "work_id": id, "place": at} for id, at in placed if at is not None]
    if made:
        db.session.execute(insert(WorkVector), made)


def keep_work(work_id: UUID, said: str) -> None:
    """Place one more past work in the active version."""
    model_id = active()
    if model_id is not None and (at := place(model_id, said)) is not None:
        db.session.add(WorkVector(model_id=model_id, work_id=work_id, place=at))
        db.session.flush()


def index_brief(task: Task) -> None:
    """Keep where an open brief lies, so that a creator's list needs no search per brief."""
    model_id = active()
    db.session.execute(delete(BriefPlace).where(BriefPlace.task_id == task.id))
    if model_id is None or (at := place(model_id, words_of(task))) is None:
        return
    near = nearest(model_id, at)
    floor = near[-1][1] if len(near) == NEAREST else 0.0
    db.session.add(BriefPlace(task_id=task.id, model_id=model_id, place=at, floor=max(0.0, floor)))
    db.session.flush()


def place_brief(event: Event) -> None:
    """task.opened: it can now be found by the creators it suits."""
    task = db.session.get(Task, event.subject_id)
    if task is not None and task.state is TaskState.OPEN:
        index_brief(task)


STALE_SHARE = 0.1
"""From this share of works that came since, sums and geometry are made anew."""


def refit_when_stale() -> bool:
    """Fit anew when a tenth of the past works or of the creators came after the version in use, or there is none yet."""
    works = db.session.scalar(select(func.count()).select_from(PastWork)) or 0
    creators = db.session.scalar(select(func.count()).select_from(Profile)) or 0
    model = db.session.scalar(select(TextModel).where(TextModel.state == ModelState.ACTIVE))
    fitted, knew = (model.documents, model.report.get("creators", 0)) if model else (0, 0)
    db.session.rollback()
    stale = works - fitted > STALE_SHARE * works or creators - knew > STALE_SHARE * creators
    return stale and refit() is not None
