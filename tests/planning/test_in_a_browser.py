"""The plan in Chromium: what if there were more money, or fewer people?"""

import pytest
from playwright.sync_api import expect

from tests.briefs import opened
from tests.effect.conftest import more
from tests.front.conftest import Reader, reader, site  # noqa: F401
from tests.matching.conftest import profile

pytestmark = pytest.mark.browser


@pytest.fixture
def plan(app, mei, reader: Reader):  # noqa: F811
    """The plan of a brief for which six creators could be had at 1,000 to 6,000 yuan."""
    for at, creator in enumerate(more(app, "creator", 6)):
        profile(creator, fans=1000 * (at + 1), price_video_fen=100_000 * (at + 1), platform_level=at)
    address = f"/m/tasks/{opened(mei, budget_fen=600_000)['id']}/plan"
    reader.sign_in(mei)
    return address


def slide(reader: Reader, name: str, value: int) -> None:  # noqa: F811
    reader.page.locator(f"[data-slides={name}]").fill(str(value))


def test_the_set_follows_the_sliders_and_so_does_the_address(reader: Reader, plan: str):  # noqa: F811
    reader.page.goto(f"{plan}?budget_fen=1000&most=6")
    picked = reader.page.locator(".picked > li")
    expect(picked).to_have_count(1)
    budget = reader.page.locator("[data-slides=budget_fen]")
    assert (budget.get_attribute("min"), budget.get_attribute("max")) == ("1000", "21000")

    slide(reader, "budget_fen", 21_000)
    expect(picked).to_have_count(6)
    expect(reader.page.locator("#f-budget_fen")).to_have_value("21000")
    slide(reader, "most", 2)
    expect(picked).to_have_count(2)

    assert "most=2" in reader.page.url
    reader.page.reload()
    expect(picked).to_have_count(2)
    assert reader.complaints == []


def test_a_wrong_number_is_told_at_its_field_and_kept(reader: Reader, plan: str):  # noqa: F811
    reader.page.goto(plan)

    reader.page.fill("#f-budget_fen", "-5")
    reader.page.press("#f-budget_fen", "Tab")

    expect(reader.page.locator("#f-budget_fen-error")).to_be_visible()
    expect(reader.page.locator("#f-budget_fen")).to_have_value("-5")


def test_the_plan_is_readable_everywhere(reader: Reader, plan: str):  # noqa: F811
    reader.looks_at(plan)
