"""`./vtask flask webhooks …`, `./vtask flask stripe …`: what came from Stripe, looked at again."""

from datetime import datetime

import click
from flask.cli import AppGroup

from market.kit.db import transaction
from market.payments import entries, inbox, outbox

webhooks = AppGroup("webhooks", help="Events from Stripe.")
stripe = AppGroup("stripe", help="Stripe's account book.")


@webhooks.command("replay")
@click.option("--since", type=click.DateTime(), help="Only what happened since, in UTC.")
@click.option("--type", "type_", default="", help="Only events of this type.")
@click.option("--event", "event_id", default="", help="Only this one: evt_…")
def replay(since: datetime | None, type_: str, event_id: str) -> None:
    """Handle stored events once more. What they tell of is fetched anew, so nothing moves twice."""
    from datetime import UTC

    with transaction():
        count = inbox.replay(
            since=since.replace(tzinfo=UTC) if since else None, type=type_, event_id=event_id
        )
    done = outbox.drain(seconds=600)
    click.echo(f"{count} events to handle again, {done} things done.")


@webhooks.command("missed")
def missed() -> None:
    """Store the events of Stripe's own list that never came, and handle them."""
    count = inbox.fetch_missed()
    done = outbox.drain(seconds=600)
    click.echo(f"{count} missed events found, {done} things done.")


@stripe.command("entries")
def import_entries() -> None:
    """Copy Stripe's balance transactions that are not here yet, and post those that are nobody else's."""
    count = entries.bring_in()
    click.echo(f"{count} new entries; all of them come to:")
    for currency, net in sorted(entries.sums().items()):
        click.echo(f"  {net / 100:>14,.2f} {currency}")
