"""Operations of traffic signals."""

from datetime import timedelta

import click
from flask.cli import AppGroup

from market.kit.clock import now
from market.kit.db import transaction
from market.traffic import queries, service

traffic = AppGroup("traffic", help="Signs of bought numbers.")


@traffic.command("examine")
@click.option("--days", default=90, show_default=True, help="Accounts of which a day that young is known.")
def examine(days: int) -> None:
    """Look at all accounts anew, one transaction each."""
    with transaction():
        accounts = queries.told_since(now().date() - timedelta(days=days))
    found = 0
    for party_id in accounts:
        with transaction():
            found += service.examine([party_id])
    click.echo(f"{len(accounts)} accounts looked at, {found} new signals")
