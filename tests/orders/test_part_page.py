"""A part of a stage ahead of its acceptance: seen first, then released once, and never all of it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from flask import Flask

from market.kit.ids import encode
from market.orders import queries
from tests import play
from tests.briefs import problem
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
    ahead = mei.api("GET", f"{room}/money").json["rows"][0]["parts"][0]
    assert (ahead["fen"], ahead["status"]) == (30_000, "paid") and ahead["at"]
    assert room + "/part-release" not in lin.browser().get(room).text
    play.ledger_is_sound(app)


def test_too_much_by_the_api_is_refused_at_its_field(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    order_id = play.funded(mei, lin, sandbox)
    here = f"/orders/{encode('ord', order_id)}/milestones/{script_of(app, order_id)}/releases"

    refused = mei.api("POST", here, json={"amount_fen": 10**8}, headers={"Idempotency-Key": "k-too-much"})

    assert problem(refused) == (422, "part-too-large", ["/amount_fen"])


def click(who: Player, order_id: UUID, stage: str, key: str, yuan: str = "300") -> int:
    here = f"/orders/{encode('ord', order_id)}/part-release"
    fields = {"milestone_id": stage, "amount_fen": yuan, "idempotency_key": key}
    return int(submit(who.browser(), here, here, **fields).status_code)


def script_of(app: Flask, order_id: UUID) -> str:
    with app.app_context():
        return encode("mil", queries.find(order_id).milestones[0].id)


def test_two_clicks_at_once_release_one_part(app: Flask, mei: Player, lin: Player, sandbox: Sandbox) -> None:
    order_id = play.funded(mei, lin, sandbox)
    stage = script_of(app, order_id)

    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(lambda _: click(mei, order_id, stage, "same"), range(4)))

    assert 303 in answers and set(answers) <= {303, 409, 422}, answers
    with app.app_context():
        script = queries.find(order_id).milestones[0]
        assert (script.parts, script.released_fen) == (1, 30_000)
    assert play.balance(app, "FEE") == 1_500
    play.ledger_is_sound(app)


def test_different_clicks_at_once_never_release_more_than_there_is(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox
) -> None:
    """Each of 400 out of 1000: two fit, and something stays for the end."""
    order_id = play.funded(mei, lin, sandbox)
    stage = script_of(app, order_id)

    with ThreadPoolExecutor(4) as crowd:
        answers = list(crowd.map(lambda n: click(mei, order_id, stage, f"k{n}", "400"), range(4)))

    assert sorted(answers) == [303, 303, 422, 422]
    with app.app_context():
        assert queries.find(order_id).milestones[0].released_fen == 80_000
    play.ledger_is_sound(app)


@pytest.mark.parametrize("first", ["part", "acceptance"])
def test_a_part_and_the_acceptance_at_once_pay_the_stage_once(
    app: Flask, mei: Player, lin: Player, sandbox: Sandbox, first: str
) -> None:
    order_id = play.funded(mei, lin, sandbox)
    stage, version = script_of(app, order_id), encode("sub", play.submit(lin, order_id))
    acts: list[Callable[[], int]] = [
        lambda: click(mei, order_id, stage, "part"),
        lambda: (
            mei.api(
                "POST", f"/submissions/{version}/acceptance", headers={"Idempotency-Key": "whole"}
            ).status_code
        ),
    ]

    with ThreadPoolExecutor(2) as crowd:
        done = [crowd.submit(act) for act in (acts if first == "part" else acts[::-1])]
        answers = [each.result() for each in done]
    part, accepted = answers if first == "part" else answers[::-1]

    assert accepted in (200, 201) and part in (303, 409, 422), answers
    with app.app_context():
        script = queries.find(order_id).milestones[0]
        assert (script.state.value, script.released_fen) == ("released", 100_000)
        assert script.parts == (1 if part == 303 else 0)
    assert play.balance(app, "FEE") == 5_000
    assert play.balance(app, "PP", lin.party_id) == 100_000 - 5_000 - 2_850
    play.ledger_is_sound(app)
