"""Shortlists for dated tasks, asked of the product's API as their merchants would, against rankers fitted on the same rows.

VTASK_MATCHING_DATA names the file (bench/tasks.py says what is in it). The history comes in through the data door, each
task of the test part is written as a brief by its merchant's key, and its shortlist is read. Nothing is random: one round.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import requests

from bench import tasks as rows
from bench.rounds import Result
from bench.server import Missing
from bench.web import granian
from bench.world import product

PEERS = Path(__file__).with_name("matching_peers.py")
PACKAGES = ("numpy==2.4.6", "scipy==1.17.1", "scikit-learn==1.9.1", "lightgbm==4.7.0", "implicit==0.7.3")
REFERENCE = "lambdarank"
BATCH = 500


def run(rounds: int) -> list[Result]:
    path = os.environ.get("VTASK_MATCHING_DATA", "")
    if not Path(path).is_file():
        raise Missing("VTASK_MATCHING_DATA names no file of dated tasks (bench/tasks.py says what is in it)")
    known = rows.read(path)
    ours = rows.summary(known, shortlists(known))
    peers = ask_peers(path)
    return [
        Result(
            f"matching_{metric}_{group}",
            f"{REFERENCE} (LightGBM) on the same rows",
            metric,
            [ours[group][metric]],
            [peers[REFERENCE][group][metric]],
            {"tasks": ours[group]["n"]} | {name: found[group][metric] for name, found in peers.items()},
        )
        for group in ours
        for metric in rows.METRICS
    ]


def shortlists(known: list[rows.Task]) -> dict[int, list[str]]:
    """The experts the product lists for every task of the test part, by task number."""
    return {number: [name for name, _score in found] for number, found in scored_lists(known).items()}


def scored_lists(known: list[rows.Task]) -> dict[int, list[tuple[str, float]]]:
    """The same with their scores."""
    with product("matching") as (app, url, _conninfo):
        keys, people = fill(app, known)
        with granian("wsgi:app", "/healthz", DATABASE_URL=url, VTASK_API_PER_MINUTE="1000000") as port:
            session = requests.Session()
            found = {}
            for task in rows.asked(known):
                session.headers["Authorization"] = f"Bearer {keys[task.merchant]}"
                found[task.number] = shortlist(session, f"http://127.0.0.1:{port}/api/v1", task, people)
            return found


def shortlist(
    session: requests.Session, api: str, task: rows.Task, people: dict[str, str]
) -> list[tuple[str, float]]:
    brief = {
        "category": "digital",
        "format": "article",
        "title": task.title[:80],
        "goal": task.body[:2000],
        "tags": list(task.modules)[:20],
    }
    made = session.post(f"{api}/tasks", json=brief, timeout=60)
    made.raise_for_status()
    answer = session.get(f"{api}/tasks/{made.json()['id']}/matches?limit=100", timeout=60)
    answer.raise_for_status()
    found = answer.json()["data"]
    return [(people[each["creator_id"]], each["score"]) for each in found if each["creator_id"] in people]


def fill(app: Any, known: list[rows.Task]) -> tuple[dict[str, str], dict[str, str]]:
    """The history through the data door; merchants' keys by name, and creators' names by public id."""
    from market.accounts.actor import SYSTEM
    from market.kit.db import db, transaction
    from market.kit.ids import encode
    from market.matching import history, text
    from market.matching.importing import Report, take

    lines = list(enumerate(told(known), start=1))
    report = Report()
    with app.test_request_context():
        for start in range(0, len(lines), BATCH):
            with transaction():
                take(lines[start : start + BATCH], by=SYSTEM, keys=True, add_up=False, report=report)
            db.session.expunge_all()
        if report.refused:
            raise RuntimeError(f"refused: {report.refused[:3]}")
        history.rebuild()
        text.refit()
        db.session.remove()
        db.engine.dispose()
    keys = {made.ref: made.api_key or "" for made in report.parties if made.role == "merchant"}
    return keys, {encode("pty", made.party_id): made.ref for made in report.parties if made.role == "creator"}


def told(known: list[rows.Task]) -> Iterable[dict[str, Any]]:
    merchants = {task.merchant for task in known}
    experts = {expert for task in known for expert in task.experts}
    for name in sorted(merchants | experts):
        roles = [role for role, who in (("merchant", merchants), ("creator", experts)) if name in who]
        yield {"type": "account", "id": name, "roles": roles}
    for task in known[: rows.cut(known)]:
        yield {
            "type": "work",
            "id": str(task.number),
            "at": f"{task.date}T12:00:00Z",
            "merchant": task.merchant,
            "creators": list(task.experts),
            "title": task.title,
            "text": task.body[:4000],
            "tags": list(task.modules),
        }


def ask_peers(path: str) -> dict[str, dict[str, dict[str, float]]]:
    """The other rankers, in an environment thrown away afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        python = str(Path(folder) / "bin" / "python")
        for command in (
            [sys.executable, "-m", "venv", folder],
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise Missing(f"the peers cannot be installed: {(done.stderr or done.stdout)[-300:].strip()}")
        done = subprocess.run([python, str(PEERS), path], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-1500:])
        found: dict[str, dict[str, dict[str, float]]] = json.loads(done.stdout)
        return found
