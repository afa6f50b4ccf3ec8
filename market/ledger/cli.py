"""`./vtask flask ledger check`, `… head`: the books checked by hand, and the head of their hash chain."""

import click
from flask.cli import AppGroup

from market.kit.db import transaction
from market.ledger import queries, service
from market.ledger.checks import NUMBERS, check_all, rules

ledger = AppGroup("ledger", help="The books.")


def named(rule: str) -> str:
    """With the number of the invariant it is, when it is one."""
    return f"{NUMBERS.get(rule, ''):4} {rule}"


@ledger.command("check")
@click.option("--head", metavar="N:SHA256", help="A head printed earlier, which must still be in the chain.")
@click.option("--quiet", is_flag=True, help="Name only what is broken.")
def check(head: str | None, quiet: bool) -> None:
    """Check every rule of the books; ends with 1 when one is broken.

    The rules of the ledger itself, its hash blocks, and those that each package keeps between itself and the ledger.
    """
    with transaction():
        found = check_all()
        broken = {each.rule for each in found}
        for rule in rules():
            if rule in broken:
                click.secho(f"BROKEN  {named(rule)}", fg="red")
                for each in found:
                    if each.rule == rule:
                        click.echo(f"          {each.what}")
            elif not quiet:
                click.echo(f"ok      {named(rule)}")
        if head:
            n, _, sha256 = head.partition(":")
            if not (n.isdigit() and len(sha256) == 64):
                raise click.BadParameter("it looks like 12:<64 hexadecimal digits>", param_hint="--head")
            if queries.is_in_chain(int(n), bytes.fromhex(sha256)):
                click.echo(f"ok      block {n} is the one that was exported")
            else:
                click.secho(f"BROKEN  block {n} is not the one that was exported", fg="red")
                broken.add(head)
    if broken:
        raise SystemExit(1)


@ledger.command("head")
def print_head() -> None:
    """Seal what was posted until now and print the newest block as N:SHA256, to be kept elsewhere."""
    with transaction():
        service.seal()
        newest = queries.head()
    if newest is None:
        raise click.ClickException("nothing was posted yet")
    click.echo(f"{newest.n}:{newest.hash.hex()}")
