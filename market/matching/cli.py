"""Operations of matching: the data door, and making its sums and its text model anew."""

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from flask.cli import AppGroup
from rich.progress import Progress

from market.accounts.actor import SYSTEM
from market.kit.db import db, transaction
from market.kit.words import _
from market.matching import history, learning, rankings, text
from market.matching.importing import Refused, Report, take
from market.traffic import service as traffic

matching = AppGroup("matching", help="Creators for briefs: history, sums, text model.")
BATCH = 500
SAID = 20
"""Refused lines that are named; the rest is counted."""


@matching.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--keys",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write parties and their new API keys here.",
)
def import_history(path: Path, keys: Path | None) -> None:
    """Take accounts and past deliveries from a file of JSON lines, then make sums and text model anew."""
    report = Report()
    with Progress(transient=True) as bar, path.open("rb") as source:
        step = bar.add_task("Importing", total=path.stat().st_size)
        numbered = _read(source, report)
        while batch := list(islice(numbered, BATCH)):
            with transaction():
                take(
                    ((number, line) for number, line, _size in batch),
                    by=SYSTEM,
                    keys=keys is not None,
                    add_up=False,
                    report=report,
                )
            db.session.expunge_all()
            bar.advance(step, sum(size for _number, _line, size in batch))
    report.refused.sort(key=lambda refused: refused.line)
    for refused in report.refused[:SAID]:
        click.echo(f"line {refused.line} {refused.pointer}: {refused.detail}", err=True)
    if (more := len(report.refused) - SAID) > 0:
        click.echo(f"and {more} more", err=True)
    click.echo(
        f"{report.accounts} parties, {report.works} works, {report.days} days, "
        f"{report.portraits} portraits, {report.briefs} briefs, {report.decisions} decisions, {report.known} known before, "
        f"{len(report.refused)} refused"
    )
    if keys is not None:
        keys.touch(mode=0o600)
        with keys.open("w", encoding="utf-8") as out:
            for made in report.parties:
                row = {
                    "id": made.ref,
                    "role": made.role.value,
                    "party_id": str(made.party_id),
                    "api_key": made.api_key,
                }
                out.write(json.dumps(row) + "\n")
    _rebuild()
    _refit()
    _examine(report.told)
    if report.refused:
        sys.exit(1)


def _examine(told: set[UUID]) -> None:
    """Whose days came in, one transaction each: nobody waits for all of them."""
    found = 0
    for party_id in sorted(told):
        with transaction():
            found += traffic.examine([party_id])
        db.session.expunge_all()
    if told:
        click.echo(f"{len(told)} accounts looked at, {found} new traffic signals")


def _read(source: Any, report: Report) -> Iterator[tuple[int, Any, int]]:
    for number, raw in enumerate(source, start=1):
        if not raw.strip():
            continue
        try:
            yield number, json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8")), len(raw)
        except UnicodeDecodeError:
            report.refused.append(Refused(number, "/", _("这一行不是 UTF-8 编码的文字。")))
        except (ValueError, RecursionError):
            report.refused.append(Refused(number, "/", _("这一行不是 JSON 对象。")))


@matching.command("rebuild")
def rebuild() -> None:
    """Make the sums anew from all past works; the old ones serve until the new are whole."""
    _rebuild()


@matching.command("refit")
def refit() -> None:
    """Fit the text model anew on all past works; the old one serves until the new is whole."""
    _refit()


@matching.command("learn")
def learn() -> None:
    """Fit anew who says yes and whom merchants choose, and judge both on what came later; an operator decides whether they are
    used."""
    answers = learning.refit()
    if answers is None:
        click.echo(f"no acceptance: fewer than {learning.LEAST} answered invitations")
    else:
        told = answers.report
        click.echo(
            f"loss per invitation {told['present']:.4f} → {told['candidate']:.4f} on {told['on']} later answers to "
            f"{told['briefs']} briefs: {told['gain']:+.4f} ± {told['error']:.4f} (one standard error)"
        )
    order = rankings.refit()
    if order is None:
        click.echo(f"no order: choices from fewer than {rankings.LEAST} lists")
    else:
        told = order.report
        click.echo(
            f"NDCG@10 {told['present']:.4f} → {told['candidate']:.4f} on {told['on']} later lists: "
            f"{told['gain']:+.4f} ± {told['error']:.4f} (one standard error)"
        )


def _rebuild() -> None:
    with Progress(transient=True) as bar:
        step = bar.add_task("Adding up", total=None)
        works = history.rebuild(lambda done, of: bar.update(step, completed=done, total=of))
    click.echo(f"sums of {works} works")


def _refit() -> None:
    with Progress(transient=True) as bar:
        step = bar.add_task("Fitting the text model", total=None)
        model = text.refit(lambda done, of: bar.update(step, completed=done, total=of))
    if model is None:
        click.echo(f"no text model: fewer than {text.LEAST_DOCUMENTS} past works")
    else:
        click.echo(f"text model of {model.documents} works: {model.report}")
