"""Dated tasks and who took them, from a file of JSON lines, and what a shortlist is worth.

A line: {"task": 7, "date": "2015-07-24", "merchant": "p0", "title": …, "body": …, "modules": […], "experts": […]}.
The first HISTORY_SHARE of the lines are what is known, the rest is asked. Standard library only.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import log2
from pathlib import Path

HISTORY_SHARE = 0.889
METRICS = ("r20", "ndcg10", "mrr")


@dataclass(frozen=True)
class Task:
    number: int
    date: str
    merchant: str
    title: str
    body: str
    modules: tuple[str, ...]
    experts: tuple[str, ...]

    @property
    def day(self) -> int:
        return date.fromisoformat(self.date).toordinal()


def read(path: str) -> list[Task]:
    raw = Path(path).read_bytes()
    lines = (gzip.decompress(raw) if path.endswith(".gz") else raw).decode().splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        Task(
            row["task"], row["date"], row["merchant"], row["title"], row["body"] or "",
            tuple(row["modules"]), tuple(row["experts"]),
        )
        for row in rows
    ]  # fmt: skip


def cut(tasks: Sequence[Task]) -> int:
    """How many are history."""
    return int(len(tasks) * HISTORY_SHARE)


def asked(tasks: Sequence[Task]) -> list[Task]:
    """The tasks of the test part one of whose takers is in the history."""
    known = {expert for task in tasks[: cut(tasks)] for expert in task.experts}
    return [task for task in tasks[cut(tasks) :] if known & set(task.experts)]


def summary(tasks: Sequence[Task], lists: Mapping[int, Sequence[str]]) -> dict[str, dict[str, float]]:
    """Recall@20, NDCG@10 and MRR of shortlists by task number: over all tasks, and over those of merchants not seen before."""
    history = tasks[: cut(tasks)]
    known = {expert for task in history for expert in task.experts}
    merchants = {task.merchant for task in history}
    wanted = asked(tasks)
    groups = {"all": wanted, "new": [task for task in wanted if task.merchant not in merchants]}
    return {
        name: _mean([_one([e for e in task.experts if e in known], lists[task.number]) for task in group])
        for name, group in groups.items()
    }


def _one(takers: Sequence[str], shown: Sequence[str]) -> tuple[float, float, float]:
    ranks = sorted(shown.index(taker) if taker in shown else 10**9 for taker in takers)
    best = sum(1 / log2(at + 2) for at in range(min(10, len(ranks))))
    return (
        sum(rank < 20 for rank in ranks) / len(ranks),
        sum(1 / log2(rank + 2) for rank in ranks if rank < 10) / best,
        1 / (ranks[0] + 1),
    )


def _mean(rows: Sequence[tuple[float, float, float]]) -> dict[str, float]:
    means = [round(sum(column) / len(rows), 4) for column in zip(*rows, strict=True)] if rows else [0.0] * 3
    return {"n": float(len(rows)), **dict(zip(METRICS, means, strict=True))}
