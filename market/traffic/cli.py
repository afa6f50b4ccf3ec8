"""Operations of traffic signals."""

import click
from flask.cli import AppGroup

from market.traffic import rounds

traffic = AppGroup("traffic", help="Signs of bought numbers.")


@traffic.command("examine")
def examine() -> None:
    """Look at all creators anew, as the schedule does every night: at what was told of their accounts, and at what we
    counted of their films."""
    looked, found = rounds.look_at_all()
    click.echo(f"{looked} creators looked at, {found} new signals")
