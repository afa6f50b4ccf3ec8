"""The short form of `./vtask chaos`: a whole copy of its own, each of its parts killed in each way."""

import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from chaos.caller import Journal
from chaos.killer import WAYS
from chaos.verdict import lost, told_twice
from market.kit.ids import encode

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(600)
def test_nothing_acknowledged_is_lost_or_doubled_whatever_is_killed(
    folder: Path, clean_environment: dict[str, str]
) -> None:
    """How fast all is back is the full run's question; this machine may be busy with the rest of the suite."""
    form = ["--operations", "100", "--kills", str(len(WAYS)), "--minutes", "1", "--gap-s", "1.5"]
    form += ["--writers", "3", "--seed", "7", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "workers.supervisor", "chaos", *form],
        env={**clean_environment, "VTASK_HOME": str(folder / "var")},
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.stdout, done.stderr[-3000:]
    report = json.loads(done.stdout)
    report["wrong"].pop("late", None)
    assert report["wrong"] == {}, done.stderr[-3000:]
    assert report["kills"] == len(WAYS)
    assert report["acknowledged"] >= 100
    assert report["samples"] > 0
    kept = (folder / "var-chaos-journal.jsonl").read_text().splitlines()
    assert len(kept) == report["acknowledged"]


def test_the_verdict_sees_what_was_told_twice_and_what_is_not_there(app: Flask, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    nowhere = encode("wdr", uuid4())
    journal.acknowledge("payment", id="cs_test_nowhere", checkout="chk_1")
    for n in range(2):
        journal.acknowledge("withdrawal", id=nowhere, key=f"key {n}")

    conninfo = os.environ["DATABASE_URL_TEST"].replace("postgresql+psycopg://", "postgresql://", 1)
    assert list(told_twice(journal)) == [f"withdrawal {nowhere} was acknowledged 2 times"]
    assert list(lost(conninfo, journal)) == [
        "payment cs_test_nowhere, acknowledged as 1",
        f"withdrawal {nowhere}, acknowledged as 2",
        f"withdrawal {nowhere}, acknowledged as 3",
    ]
