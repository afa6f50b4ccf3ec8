"""Known rankers on the rows of one file, fitted on its history and asked for its test part: what matching is measured by.

Run by bench/matching.py in an environment of its own (lightgbm, implicit): prints one JSON object, ranker → metrics.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.preprocessing import normalize

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.tasks import HISTORY_SHARE, read, summary

HALF_LIFE_DAYS = 120
TRAINED_ON = 1200
"""Tasks at the end of the history whose takers LambdaRank learns from; the features of each see only what was before it."""


class Rows:
    """The file as matrices: tasks x experts, tasks x modules, texts."""

    def __init__(self, path: str) -> None:
        self.tasks = read(path)
        self.cut = int(len(self.tasks) * HISTORY_SHARE)
        self.day = np.array([task.day for task in self.tasks], dtype=float)
        history = self.tasks[: self.cut]
        self.experts = sorted({expert for task in history for expert in task.experts})
        place = {expert: at for at, expert in enumerate(self.experts)}
        self.place = place
        self.taken = _table([[place[e] for e in t.experts if e in place] for t in self.tasks], len(place))
        modules = {name: at for at, name in enumerate(sorted({m for t in history for m in t.modules}))}
        table = _table([[modules[m] for m in t.modules if m in modules] for t in self.tasks], len(modules))
        counts = np.asarray(table[: self.cut].sum(0)).ravel()
        self.modules = normalize(table @ sparse.diags(np.log((self.cut + 1) / (counts + 1)) + 0.3))
        merchants = {name: at for at, name in enumerate(sorted({t.merchant for t in self.tasks}))}
        self.merchant = np.array([merchants[task.merchant] for task in self.tasks])
        self.merchants = len(merchants)
        self.texts = [f"{task.title} {task.title} {task.body[:4000]}" for task in self.tasks]
        words = TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words="english").fit(self.texts[: self.cut])
        self.words = words.transform(self.texts)


def _table(rows: list[list[int]], width: int) -> sparse.csr_matrix:
    ends = np.cumsum([0, *map(len, rows)])
    columns = np.array([at for row in rows for at in row], dtype=int)
    return sparse.csr_matrix((np.ones(len(columns)), columns, ends), shape=(len(rows), width))


def features(rows: Rows, at: int, upto: int) -> np.ndarray:
    """What is known of every expert for one task, from the tasks before `upto`: the terms of the linear score."""
    taken, age = rows.taken[:upto], rows.day[at] - rows.day[:upto]
    fade, year = 2.0 ** (-age / HALF_LIFE_DAYS), 2.0 ** (-age / 365)
    shared = (rows.modules[:upto] @ rows.modules[at].T).toarray().ravel()
    alike = (rows.words[:upto] @ rows.words[at].T).toarray().ravel()
    nearest = np.argpartition(-alike, 200)[:200]
    near = np.zeros(upto)
    near[nearest] = alike[nearest] * fade[nearest]
    own = fade * (rows.merchant[:upto] == rows.merchant[at])
    columns = [fade * shared, near, own, fade, year, np.ones(upto), (alike * fade) * (shared > 0)]
    return np.stack([taken.T @ column for column in columns], axis=1)


def popularity(rows: Rows, at: int) -> np.ndarray:
    return np.asarray(rows.taken[: rows.cut].sum(0)).ravel()


def recent_popularity(rows: Rows, at: int) -> np.ndarray:
    return rows.taken[: rows.cut].T @ 2.0 ** (-(rows.day[at] - rows.day[: rows.cut]) / HALF_LIFE_DAYS)


class Bm25:
    """A brief against each expert's profile: all texts of the tasks they took."""

    def __init__(self, rows: Rows, k1: float = 1.2, b: float = 0.75) -> None:
        counter = CountVectorizer(stop_words="english", min_df=2)
        counts = counter.fit_transform(rows.texts[: rows.cut])
        self.asked = counter.transform(rows.texts).astype(bool)
        profiles = (rows.taken[: rows.cut].T @ counts).tocoo()
        length = np.asarray(profiles.sum(1)).ravel()
        present = np.bincount(profiles.col, minlength=counts.shape[1])
        idf = np.log(1 + (len(rows.experts) - present + 0.5) / (present + 0.5))
        norm = k1 * (1 - b + b * length / length.mean())
        weight = idf[profiles.col] * profiles.data * (k1 + 1) / (profiles.data + norm[profiles.row])
        self.weights = sparse.csr_matrix((weight, (profiles.row, profiles.col)), shape=profiles.shape)

    def __call__(self, rows: Rows, at: int) -> np.ndarray:
        return (self.weights @ self.asked[at].T.astype(float)).toarray().ravel()


class Als:
    """implicit's alternating least squares on merchant x expert; a new merchant gets the most popular."""

    def __init__(self, rows: Rows) -> None:
        from implicit.als import AlternatingLeastSquares

        pairs = sparse.csr_matrix(
            (np.ones(rows.cut), (rows.merchant[: rows.cut], np.arange(rows.cut))),
            shape=(rows.merchants, rows.cut),
        )
        together = (pairs @ rows.taken[: rows.cut]).tocsr()
        self.model = AlternatingLeastSquares(factors=48, iterations=15, random_state=7, num_threads=1)
        self.model.fit(together, show_progress=False)
        self.known = np.asarray(together.sum(1)).ravel() > 0

    def __call__(self, rows: Rows, at: int) -> np.ndarray:
        merchant = rows.merchant[at]
        if not self.known[merchant]:
            return popularity(rows, at)
        return self.model.item_factors @ self.model.user_factors[merchant]


class LambdaRank:
    """LightGBM's on the linear score's own features."""

    def __init__(self, rows: Rows) -> None:
        import lightgbm

        start = rows.cut - TRAINED_ON
        asked = [at for at in range(start, rows.cut) if rows.taken[at].nnz]
        made = [features(rows, at, at) for at in asked]
        labels = [rows.taken[at].toarray().ravel() for at in asked]
        self.model = lightgbm.LGBMRanker(
            n_estimators=300,
            num_leaves=31,
            learning_rate=0.05,
            min_child_samples=50,
            random_state=7,
            n_jobs=2,
            verbose=-1,
        )
        self.model.fit(np.concatenate(made), np.concatenate(labels), group=[len(rows.experts)] * len(asked))

    def __call__(self, rows: Rows, at: int) -> np.ndarray:
        return self.model.predict(features(rows, at, rows.cut))


def main() -> None:
    rows = Rows(sys.argv[1])
    rankers = {
        "popularity": popularity,
        "popularity_120d": recent_popularity,
        "bm25": Bm25(rows),
        "als": Als(rows),
        "lambdarank": LambdaRank(rows),
    }
    found = {}
    for name, ranker in rankers.items():
        lists = {
            task.number: [rows.experts[at] for at in np.argsort(-ranker(rows, at_task), kind="stable")[:100]]
            for at_task, task in enumerate(rows.tasks)
            if at_task >= rows.cut
        }
        found[name] = summary(rows.tasks, lists)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
