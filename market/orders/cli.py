"""`./vtask flask ledger explain 000015`: one order's postings, leg by leg, with what they come to."""

from collections import Counter
from collections.abc import Sequence

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from market.accounts.queries import parties
from market.kit.db import db
from market.ledger import queries as books
from market.ledger.accounts import KINDS, Account, AccountKind
from market.ledger.movements import Entry
from market.orders.models import Order
from market.payments import queries as payments
from market.payments.entries import StripeEntry
from market.payments.models import Withdrawal

K = AccountKind


@click.command("explain")
@click.argument("number")
@with_appcontext
def explain(number: str) -> None:
    """Print how each stage of an order is shared out, every posting, and what they come to.

    NUMBER is the order's number or its last part: VT20261118-000015 or 000015.
    """
    order = _order(number)
    named = _Names(order)
    entries = _postings(order)
    rates = f"platform {order.fee_bps} bps, agency {order.commission_bps} bps, tax {order.tax_bps} bps"
    click.echo(f"{order.number}  {order.state.value}  price {_yuan(order.price_fen)} CNY  ({rates})")
    click.echo("\nstage          amount = platform +   agency +      tax +  creator")
    for milestone in order.milestones:
        parts = " + ".join(f"{_yuan(part):>8}" for part in milestone.shares)
        click.echo(
            f"{milestone.kind.value:<10} {_yuan(milestone.amount_fen):>10} = {parts}   {milestone.state.value}"
        )
    for entry in entries:
        click.echo(f"\n{entry.at:%Y-%m-%d %H:%M} UTC  {entry.kind.value}")
        for leg in entry.legs:
            click.echo(f"  {_yuan(leg.fen):>10}  {named(leg.debit)} → {named(leg.credit)}")
        _tell_pair(entry)
    click.echo("\nWhat these postings come to")
    sums = _come_to(entries)
    for account, fen in sums.items():
        click.echo(f"  {_yuan(fen):>10}  {named(account)}")
    owed = sum(fen * KINDS[account.kind].sign for account, fen in sums.items())
    click.echo(f"  {_yuan(owed):>10}  what we owe, less what we have")
    _tell_withdrawals(order, named)


def _tell_pair(entry: Entry) -> None:
    """Stripe's own line for the same movement, when it was copied and paired."""
    pair = db.session.scalar(select(StripeEntry).where(StripeEntry.posting_id == entry.posting_id))
    if pair is not None:
        click.echo(
            f"  {_yuan(pair.net):>10}  = Stripe's {pair.id} {pair.type} {pair.source or ''}, fee {_yuan(pair.fee)}"
        )
    elif entry.external_ref:
        click.echo(f"{'':>12}  Stripe's entry of {entry.external_ref} was not copied yet")


def _tell_withdrawals(order: Order, named: "_Names") -> None:
    """How its payees took money out since: a withdrawal takes what is available, whichever orders it is from."""
    payees = [party for party in (order.creator_id, order.agency_id) if party]
    taken = db.session.scalars(
        select(Withdrawal)
        .where(Withdrawal.party_id.in_(payees), Withdrawal.created_at >= order.awarded_at)
        .order_by(Withdrawal.id)
        .limit(20)
    ).all()
    for each in taken:
        named.owners[each.id] = named.owners[each.party_id]
        for entry in books.postings_of("withdrawal", each.id):
            click.echo(
                f"\n{entry.at:%Y-%m-%d %H:%M} UTC  {entry.kind.value}  (from all of the payee's orders)"
            )
            for leg in entry.legs:
                click.echo(f"  {_yuan(leg.fen):>10}  {named(leg.debit)} → {named(leg.credit)}")
            _tell_pair(entry)
        if each.payout_id:
            click.echo(
                f"  {_yuan(each.amount_fen):>10}  to the bank by Stripe's {each.payout_id}: {each.state.value}"
            )


def _order(number: str) -> Order:
    serial = number.rpartition("-")[2]
    found = db.session.scalar(select(Order).where(Order.serial == int(serial))) if serial.isdigit() else None
    if found is None or not found.number.endswith(number):
        raise click.ClickException(f"no order has the number {number}")
    return found


def _postings(order: Order) -> list[Entry]:
    """Of its payments, of the award, then stage by stage."""
    sources = [("checkout", each.id) for each in payments.checkouts_of(order.id)]
    sources += [("order", order.id), *(("milestone", each.id) for each in order.milestones)]
    return [entry for source in sources for entry in books.postings_of(*source)]


def _come_to(entries: Sequence[Entry]) -> dict[Account, int]:
    """What all of these postings together did to each account that did not end where it began"""
    sums: Counter[Account] = Counter()
    for entry in entries:
        for account in dict.fromkeys(end for leg in entry.legs for end in (leg.debit, leg.credit)):
            sums[account] += entry.change(account)
    chart = list(K)
    return {
        account: sums[account] for account in sorted(sums, key=lambda a: chart.index(a.kind)) if sums[account]
    }


class _Names:
    """Accounts in words: PP creator 小林爱钓鱼, EM script."""

    def __init__(self, order: Order) -> None:
        people = parties(order.parties)
        self.owners = {order.id: "order"} | {m.id: m.kind.value for m in order.milestones}
        for word, party_id in (("creator", order.creator_id), ("agency", order.agency_id)):
            if party_id:
                self.owners[party_id] = f"{word} {people[party_id].name}"

    def __call__(self, account: Account) -> str:
        word = account.kind.name.lower().replace("_", " ")
        owner = self.owners.get(account.owner_id, str(account.owner_id)) if account.owner_id else ""
        return f"{account.kind.value} {word}{f' ({owner})' if owner else ''}"


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02}"
