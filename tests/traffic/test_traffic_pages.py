"""The pages of signals and of learning on a phone and a desk, in both languages: nothing axe or the browser complains of."""

import pytest
from playwright.sync_api import Browser

from tests.briefs import opened
from tests.conftest import Player
from tests.front.conftest import Reader
from tests.matching.conftest import listed, profile
from tests.matching.test_learning import answered, refit
from tests.play import shift as later
from tests.traffic.conftest import appeal, signals, told

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
