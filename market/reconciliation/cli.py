"""`./vtask flask reconcile run`: compare now, and say what differs."""

import sys

import click
from flask.cli import AppGroup

from market.kit.clock import now
from market.reconciliation import service
from market.reconciliation.models import RunState, Scope

reconcile = AppGroup("reconcile", help="Our books against Stripe's.")


@reconcile.command("run")
@click.option("--money", "scope", flag_value=Scope.MONEY.value, help="Only our book against Stripe's.")
@click.option(
    "--whole", "scope", flag_value=Scope.WHOLE.value, default=True, help="Orders too (the default)."
)
def run(scope: str) -> None:
    """Import, pair, compare; exits 1 when something differs, 2 when it could not be done."""
    done = service.run_now(scope=Scope(scope))
    if done.state is not RunState.DONE:
        click.echo(f"The run did not end: {done.error or done.state.value}")
        sys.exit(2)
    click.echo(f"{done.entries} new entries, {done.opened} new differences, {done.resolved} resolved.")
    differences = service.open_differences()
    for each in differences:
        hours = (now() - each.since).total_seconds() / 3600
        both = f"ours {_yuan(each.ours_fen)}  theirs {_yuan(each.theirs_fen)} {each.currency}"
        frozen = "  order frozen" if each.frozen_at and not each.waived_at else ""
        click.echo(f"  {each.kind.value:<14} {hours:7.1f} h  {both}  {each.what or each.ref}{frozen}")
    if not differences:
        click.echo("Nothing differs.")
    sys.exit(1 if differences else 0)


def _yuan(fen: int | None) -> str:
    return "—" if fen is None else f"{fen / 100:,.2f}"
