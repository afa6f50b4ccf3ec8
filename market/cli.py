"""The verbs of operations: `./vtask flask …`."""

import json
import sys
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from market.accounts import service
from market.accounts.actor import Role
from market.accounts.models import Verification
from market.effect.cli import effect
from market.finding.cli import creators
from market.kit.db import transaction
from market.ledger.cli import ledger
from market.matching.cli import matching
from market.media.cli import media_font, media_stickers, media_tracks
from market.orders import cli as order_books
from market.payments.cli import stripe, webhooks
from market.reconciliation.cli import reconcile
from market.traffic.cli import traffic

user = AppGroup("user", help="People.")
openapi = AppGroup("openapi", help="The API's description.")


def register(app: Flask) -> None:
    app.cli.add_command(user)
    app.cli.add_command(openapi)
    ledger.add_command(order_books.explain)
    app.cli.add_command(media_font)
    app.cli.add_command(media_tracks)
    app.cli.add_command(media_stickers)
    for group in (ledger, matching, creators, effect, traffic, webhooks, stripe, reconcile):
        app.cli.add_command(group)


@user.command("create")
@click.option("--email", required=True)
@click.option("--name", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), default="operator")
@click.password_option()
def create_user(email: str, name: str, role: str, password: str) -> None:
    """Make a person with one hat, verified; the way to the first operator."""
    with transaction():
        membership = service.sign_up(email=email, password=password, name=name, role=Role(role))
        membership.party.verification = Verification.VERIFIED
    click.echo(f"{membership.party.name}: {role}")


@openapi.command("write")
@click.argument("path", default="-")
def write_openapi(path: str) -> None:
    """Write openapi.json (to standard output by default)."""
    with current_app.test_client() as client:
        text = json.dumps(client.get("/api/openapi.json").get_json(), indent=2, ensure_ascii=False)
    if path == "-":
        sys.stdout.write(text + "\n")
    else:
        Path(path).write_text(text + "\n", encoding="utf-8")
