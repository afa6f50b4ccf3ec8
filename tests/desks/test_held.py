"""The merchant's home says what is in escrow, in as many questions for two orders as for one."""

from flask import Flask
from sqlalchemy import event

from market.kit.db import db
from market.orders import funds
from tests import play
from tests.conftest import Player
from tests.sandbox import Sandbox


def held(app: Flask, mei: Player) -> tuple[int, int]:
    """How much, and how many statements it took."""
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:  # type: ignore[no-untyped-def]
        asked.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        try:
            return funds.held_fen(mei.actor), len(asked)
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
            db.session.remove()


def test_what_is_in_escrow_is_summed_where_it_lies(app: Flask, cast: dict[str, Player], sandbox: Sandbox):
    mei, lin = cast["mei"], cast["lin"]
    first = play.funded(mei, lin, sandbox, price_fen=500_000)
    of_one, asked_for_one = held(app, mei)
    play.funded(mei, cast["bo"], sandbox, price_fen=300_000)
    of_two, asked_for_two = held(app, mei)
    play.accept(mei, play.submit(lin, first))

    assert (of_one, of_two, held(app, mei)[0]) == (500_000, 800_000, 750_000)
    assert asked_for_one == asked_for_two
