"""Shortlists when nobody has delivered anything: creators known by what they published and their tags only.

From the dated tasks of VTASK_MATCHING_DATA (bench/tasks.py), with all that was a history cut away: each expert is told of
as an account with the texts of at most PIECES of their tasks, drawn, and their commonest modules as tags; no works, no
dates, no merchants. The briefs of the test part are asked of the API by people who were never seen. Next to it TF-IDF on
the same texts: the brief against the middle of an expert's texts, and against their nearest three.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import requests

from bench import tasks as rows
from bench.matching import BATCH, shortlist
from bench.rounds import Result
from bench.server import Missing
from bench.web import granian
from bench.world import product

PIECES, TAGS, BEST = 12, 8, 3
METRICS = ("r10", "r50", "mrr")
Pieces = dict[str, list[rows.Task]]


def run(rounds: int) -> list[Result]:
    path = os.environ.get("VTASK_MATCHING_DATA", "")
    if not Path(path).is_file():
        raise Missing("VTASK_MATCHING_DATA names no file of dated tasks (bench/tasks.py says what is in it)")
    known = rows.read(path)
    told = pieces(known)
    asked = rows.asked(known)
    ours = summary(asked, told, shortlists(asked, told))
    peers = tfidf(asked, told)
    return [
        Result(
            f"newcomers_{metric}",
            f"TF-IDF, {name}",
            metric,
            [ours[metric]],
            [found[metric]],
            {"briefs": len(asked), "creators": len(told)},
        )
        for metric in METRICS
        for name, found in peers.items()
    ]


def pieces(known: Sequence[rows.Task]) -> Pieces:
    """What each expert of the history shows."""
    draw = np.random.default_rng(3)
    all_of: Pieces = {}
    for task in known[: rows.cut(known)]:
        for expert in task.experts:
            all_of.setdefault(expert, []).append(task)
    return {
        expert: [its[at] for at in draw.permutation(len(its))[:PIECES]]
        for expert, its in sorted(all_of.items())
    }


def said(task: rows.Task) -> str:
    return f"{task.title} {task.title} {task.body[:4000]}"


def shortlists(asked: Sequence[rows.Task], told: Pieces) -> dict[int, list[str]]:
    with product("newcomers") as (app, url, _conninfo):
        keys, people = fill(app, sorted({task.merchant for task in asked}), told)
        with granian("wsgi:app", "/healthz", DATABASE_URL=url, VTASK_API_PER_MINUTE="1000000") as port:
            session = requests.Session()
            found = {}
            for task in asked:
                session.headers["Authorization"] = f"Bearer {keys[task.merchant]}"
                found[task.number] = shortlist(session, f"http://127.0.0.1:{port}/api/v1", task, people)
            return found


def fill(app: Any, merchants: Sequence[str], told: Pieces) -> tuple[dict[str, str], dict[str, str]]:
    from market.accounts.actor import SYSTEM
    from market.kit.db import db, transaction
    from market.kit.ids import encode
    from market.matching import text
    from market.matching.importing import Report, take

    lines: list[dict[str, Any]] = [
        {"type": "account", "id": f"merchant {name}", "roles": ["merchant"]} for name in merchants
    ]
    for expert, its in told.items():
        common = Counter(module for task in its for module in task.modules).most_common(TAGS)
        lines.append(
            {
                "type": "account",
                "id": expert,
                "roles": ["creator"],
                "texts": [said(task) for task in its],
                "tags": [module for module, _n in common],
            }
        )
    report = Report()
    numbered = list(enumerate(lines, start=1))
    with app.test_request_context():
        for start in range(0, len(numbered), BATCH):
            with transaction():
                take(numbered[start : start + BATCH], by=SYSTEM, keys=True, add_up=False, report=report)
            db.session.expunge_all()
        if report.refused:
            raise RuntimeError(f"refused: {report.refused[:3]}")
        text.refit()
        db.session.remove()
        db.engine.dispose()
    keys = {
        made.ref.removeprefix("merchant "): made.api_key or ""
        for made in report.parties
        if made.role == "merchant"
    }
    return keys, {encode("pty", made.party_id): made.ref for made in report.parties if made.role == "creator"}


def tfidf(asked: Sequence[rows.Task], told: Pieces) -> dict[str, dict[str, float]]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    experts = list(told)
    texts = [said(task) for expert in experts for task in told[expert]]
    starts = np.cumsum([0] + [len(told[expert]) for expert in experts])
    counter = TfidfVectorizer(stop_words="english", sublinear_tf=True, min_df=2)
    table = counter.fit_transform(texts)
    alike = (counter.transform([said(task) for task in asked]) @ table.T).toarray()

    def ranked(worth: Callable[[np.ndarray], float]) -> dict[int, list[str]]:
        scores = np.array([[worth(row[low:high]) for low, high in pairwise(starts)] for row in alike])
        order = np.argsort(-scores, axis=1, kind="stable")[:, :100]
        return {task.number: [experts[at] for at in its] for task, its in zip(asked, order, strict=True)}

    return {
        "middle of their texts": summary(asked, told, ranked(lambda row: float(row.mean()))),
        "nearest three": summary(asked, told, ranked(lambda row: float(np.sort(row)[-BEST:].mean()))),
    }


def summary(asked: Sequence[rows.Task], told: Pieces, lists: dict[int, list[str]]) -> dict[str, float]:
    """Recall@10, Recall@50 and MRR."""
    sums = np.zeros(3)
    for task in asked:
        shown = lists[task.number]
        ranks = sorted(
            shown.index(expert) if expert in shown else 10**9 for expert in task.experts if expert in told
        )
        sums += [
            sum(rank < 10 for rank in ranks) / len(ranks),
            sum(rank < 50 for rank in ranks) / len(ranks),
            1 / (ranks[0] + 1),
        ]
    return dict(zip(METRICS, np.round(sums / len(asked), 4).tolist(), strict=True))
