"""`flask seed` and `flask demo signins`: making the demo world, and who can sign in to it."""

import gc
import hashlib
import hmac
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import requests
from flask import Flask, current_app
from flask.cli import AppGroup
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import event, select, text

from demo.people import PASSWORD
from market.accounts import service as accounts
from market.accounts.models import ApiKey, Membership, Party, Person
from market.kit import clock
from market.kit.db import Row, db, transaction
from market.kit.roles import as_owner
from market.settings import Settings

SHOWN = ("qingshan", "baicao", "lin", "tang", "ada", "wen", "zhou", "wu")
"""Whose sign-ins are printed and offered as buttons; the others work with the same password."""

demo = AppGroup("demo", help="The demo world.")


def register(app: Flask) -> None:
    app.cli.add_command(seed)
    app.cli.add_command(demo)
    app.config["DEMO_SIGN_INS"] = sign_ins


def sign_ins() -> list[dict[str, str]]:
    """The demo people in the order of SHOWN; empty when there is no demo world."""
    rows = db.session.execute(
        select(Person.email, Party.name, Party.role)
        .join(Membership, Membership.person_id == Person.id)
        .join(Party, Party.id == Membership.party_id)
        .where(Person.email.in_([f"{key}@demo.example" for key in SHOWN]))
    )
    found = {row.email: {"role": row.role.value, "name": row.name, "email": row.email} for row in rows}
    return [
        found[email] | {"password": PASSWORD} for key in SHOWN if (email := f"{key}@demo.example") in found
    ]


def api_key_of(email: str) -> str:
    """The same key at every start, known only to who has the installation's secret."""
    secret = current_app.config["SECRET_KEY"].encode()
    return "vt_test_" + hmac.new(secret, f"demo-key:{email}".encode(), hashlib.sha256).hexdigest()


def make_keys() -> None:
    """Give each of the shown people their API key, if it is not there yet."""
    with transaction():
        for each in sign_ins():
            secret = api_key_of(each["email"])
            sha = accounts.sha256(secret)
            if db.session.scalar(select(ApiKey.id).where(ApiKey.key_sha256 == sha)):
                continue
            membership = db.session.scalars(
                select(Membership).join(Person).where(Person.email == each["email"]).order_by(Membership.id)
            ).first()
            assert membership
            accounts.make_key(membership.person_id, membership.party_id, label="demo", secret=secret)


def ways_in() -> list[dict[str, str]]:
    """The sign-ins, each with its API key, which is made when it is not there yet."""
    people = sign_ins()
    if people:
        make_keys()
    return [each | {"api_key": api_key_of(each["email"])} for each in people]


@demo.command("signins")
@click.option("--json", "as_json", is_flag=True)
def print_sign_ins(as_json: bool) -> None:
    """Who can sign in, with a password and an API key each."""
    told = ways_in()
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for each in told:
        click.echo(f"{each['role']:<9} {each['email']:<24} {each['password']}  {each['name']}")


THIS_DATABASE = """SELECT concat_ws(' ', system_identifier, oid, datname)
    FROM pg_control_system(), pg_database WHERE datname = current_database()"""


@demo.command("begin")
@click.argument("into", type=click.Path(path_type=Path))
@click.pass_context
def begin(context: click.Context, into: Path) -> None:
    """What a first start waits for, in one process: migrations, the demo world, its sign-ins INTO a file as JSON.

    The app is put together at once; a line on the standard input says that the database is there, another that all
    servers are.
    """
    from flask_migrate import upgrade

    if not sys.stdin.readline():
        context.exit(1)  # whoever started it is gone
    upgrade()
    if not sys.stdin.readline():
        context.exit(1)
    # A world that a kill has cut short is begun anew; the mark is only ever made on a database without anybody.
    mark, this = into.with_name("seeding"), db.session.scalar(text(THIS_DATABASE))
    half = mark.exists() and mark.read_text() == this
    if half or not db.session.scalar(select(Person.id).limit(1)):
        mark.write_text(this)
    db.session.remove()
    context.invoke(seed, if_empty=not half, reset=half)
    mark.unlink(missing_ok=True)
    into.touch(mode=0o600)
    into.write_text(json.dumps(ways_in(), ensure_ascii=False))


@click.command("seed")
@click.option("--size", type=click.Choice(["demo", "large"]), default="demo")
@click.option("--seed", "number", default=7, help="The same number gives the same world.")
@click.option("--if-empty", is_flag=True, help="Do nothing when anybody has signed up.")
@click.option("--reset", is_flag=True, help="Empty the database first. All data is lost.")
def seed(size: str, number: int, if_empty: bool, reset: bool) -> None:
    """Make the demo world: a believable Double 11 with an order in every state."""
    from demo.world import World, build

    settings: Settings = current_app.config["SETTINGS"]
    if settings.production:
        raise click.ClickException("the demo world is not made in production (VTASK_ENV=production)")
    host = urlsplit(settings.stripe_api_base).hostname
    if host not in ("127.0.0.1", "localhost"):
        raise click.ClickException(
            "the demo world needs the local Stripe: unset STRIPE_API_KEY and STRIPE_API_BASE"
        )
    taken = db.session.scalar(select(Person.id).limit(1))
    db.session.remove()  # its read lock would stand in the way of our own TRUNCATE
    if taken:
        if if_empty:
            return
        if not reset:
            raise click.ClickException(
                "there are people here already: use --reset to lose them, or --if-empty"
            )
        empty()
    # What the sandbox remembers belongs to the world that is gone; its events would only raise alarms.
    requests.post(f"{settings.stripe_api_base}/_sandbox/reset", json={}, timeout=20).raise_for_status()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, disable=not sys.stderr.isatty()) as bar:
        line = bar.add_task("demo world")

        def told(what: str, done: int, of: int) -> None:
            bar.update(line, description=f"demo world: {what}", completed=done, total=of)
            if bar.disable and (done * 20 // of != (done - 1) * 20 // of):  # for who reads the log
                click.echo(f"demo world: {what} {done}/{of}", err=True)

        with in_haste(), born_in_the_story():
            build(World(number, settings.stripe_api_base), size=size, told=told)
    make_keys()
    counts: dict[str, Any] = {
        name: db.session.scalar(text(f"SELECT count(*) FROM {name}"))  # fixed names
        for name in ("parties", "tasks", "bids", "orders", "videos", "posts", "programmes", "ledger_postings")
    }
    click.echo("demo world: " + ", ".join(f"{n} {name}" for name, n in counts.items()), err=True)


@contextmanager
def born_in_the_story() -> Iterator[None]:
    """Rows are as old as the story says; the database would date them now."""

    def dated(_mapper: Any, _connection: Any, row: Any) -> None:
        if row.created_at is None:
            row.created_at = clock.now()

    event.listen(Row, "before_insert", dated, propagate=True)
    try:
        yield
    finally:
        event.remove(Row, "before_insert", dated)


@contextmanager
def in_haste() -> Iterator[None]:
    """No commit waits for the disk, and nothing is looked through for garbage; the next commit afterwards makes all durable."""

    def without_waiting(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        connection.execute("SET synchronous_commit = off")
        connection.autocommit = False

    engine = db.engine
    db.session.remove()
    engine.dispose()  # so that every connection hears of it
    event.listen(engine, "connect", without_waiting)
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        event.remove(engine, "connect", without_waiting)
        db.session.remove()
        engine.dispose()


def empty() -> None:
    """All rows of all tables but those the migrations wrote."""
    names = [table.name for table in db.metadata.sorted_tables if table.name != "campaign_seasons"]
    with as_owner() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        for name in names:
            connection.execute(text(f'ALTER TABLE "{name}" DISABLE TRIGGER USER'))
        connection.execute(
            text("TRUNCATE " + ", ".join(f'"{name}"' for name in names) + " RESTART IDENTITY CASCADE")
        )
        for name in names:
            connection.execute(text(f'ALTER TABLE "{name}" ENABLE TRIGGER USER'))
