"""Operations of the creators' index."""

import click
from flask.cli import AppGroup
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from market.finding import index

creators = AppGroup("creators", help="The square: its index.")


@creators.command("reindex")
def reindex() -> None:
    """Make the index of creators anew; the old one serves until the new is whole."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, transient=True) as bar:
            step = bar.add_task("Indexing creators", total=None)
            stand = index.rebuild(lambda done, of: bar.update(step, completed=done, total=of))
    except index.AlreadyRebuilding as busy:
        raise click.ClickException(busy.detail()) from busy
    click.echo(f"index of {stand} creators")
