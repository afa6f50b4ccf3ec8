"""A part of a stage ahead of its acceptance: seen first, then released once, and never all of it."""

from flask import Flask

from market.kit.ids import encode
from market.orders import queries
from tests import play
from tests.conftest import Player, submit
from tests.sandbox import Sandbox


def test_the_merchant_sees_what_goes_where_and_releases_it_once(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox)
    room = f"/orders/{encode('ord', order_id)}"
    page, here = mei.browser(), room + "/part-release"
    with app.app_context():
        stage = encode("mil", queries.find(order_id).milestones[0].id)
    assert here in page.get(room).text

    seen = page.get(f"{here}?milestone_id={stage}&amount_fen=300&lang=zh").text
    assert "¥300.00" in seen and "¥700.00" in seen
    fields = {"milestone_id": stage, "amount_fen": "300", "idempotency_key": "once"}
    for _turn in range(2):
        assert submit(page, here, here, **fields).status_code == 303
    all_of_it = submit(page, here, here, **fields | {"amount_fen": "700", "idempotency_key": "all"})

    assert all_of_it.status_code == 422 and "¥699.99" in all_of_it.text
    assert page.get(f"{here}?milestone_id={stage}&amount_fen=700").status_code == 422
    with app.app_context():
        assert queries.find(order_id).milestones[0].released_fen == 30_000
    assert room + "/part-release" not in lin.browser().get(room).text
    play.ledger_is_sound(app)
