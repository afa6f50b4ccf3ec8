"""The pages of signals and of learning on a phone and a desk, in both languages: nothing axe or the browser complains of."""

import pytest
from playwright.sync_api import Browser

from market.traffic.rounds import look_at_all
from tests.briefs import opened
from tests.conftest import Player
from tests.front.conftest import Reader
from tests.matching.conftest import listed, profile
from tests.matching.test_learning import answered, refit
from tests.play import shift as later
from tests.traffic.conftest import appeal, signals, told
from tests.traffic.films import films, others, played, played_as_usual

pytestmark = pytest.mark.browser


def test_signals_and_learning_are_readable_everywhere(
    app, chromium: Browser, site: str, zhou, account: Player, bo, mei
):
    profile(bo)
    task = opened(mei)
    told(zhou)
    (signal,) = signals(account)
    answered(app, mei, 40)
    assert refit(app) is not None
    later(73)
    listed(mei, task)
    pages = [
        (account, ["/u/traffic"]),
        (mei, [f"/m/tasks/{task['id']}/matches"]),
        (zhou, ["/ops/traffic", f"/ops/traffic/{signal['id']}", "/ops/learning"]),
    ]
    for who, addresses in pages:
        if who is zhou:
            assert appeal(account, signal, "那天被一位大号转发，链接在此。").status_code == 200
        here = Reader(chromium, site)
        here.sign_in(who)
        here.looks_at(*addresses)
        here.context.close()


def test_signals_from_our_own_counts_are_readable_everywhere(
    app, chromium: Browser, site: str, zhou, account: Player, bo, mei
):
    profile(bo)
    task = opened(mei)
    with app.app_context():
        keys = films(mei, [account.party_id, *others(zhou, (f"maker{n}" for n in range(8)))])
        played_as_usual(keys)
        played(keys[0], 3, 3000, 40, exposures=0)
        look_at_all()
    found = {row["kind"]: row["id"] for row in signals(account)}
    assert found.keys() == {"unwatched", "unseen"}
    later(73)
    pages = [
        (account, ["/u/traffic"]),
        (mei, [f"/m/tasks/{task['id']}/matches"]),
        (zhou, ["/ops/traffic?tab=counting", *(f"/ops/traffic/{key}" for key in found.values())]),
    ]
    for who, addresses in pages:
        here = Reader(chromium, site)
        here.sign_in(who)
        here.looks_at(*addresses)
        here.context.close()
