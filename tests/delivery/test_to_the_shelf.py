"""From the accepted draft to the completed order: by events alone, once."""

from flask import Flask

from market.kit.events import history
from market.orders import queries as orders
from market.orders.states import OrderState
from tests import play
from tests.conftest import Player, drain_all
from tests.sandbox import Sandbox


def test_an_accepted_draft_is_published_and_the_landing_completes_the_order(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox)
    play.to_publishing(mei, lin, order_id)

    with app.app_context():
        drain_all()
        drain_all()
        order = orders.find(order_id)
        facts = [event.name for event in history(order_id)]

    assert order.state is OrderState.COMPLETED
    assert facts.count("publication.published") == facts.count("order.completed") == 1
    assert order.milestones[2].receipt and order.milestones[2].receipt["url"].startswith("/v/")
    play.ledger_is_sound(app)
