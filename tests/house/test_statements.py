"""A page of fifty rows asks the database as often as a page of five: no list looks each of its rows up."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import event

from tests import play
from tests.briefs import PROFILE
from tests.conftest import Player

FEW, MANY = 5, 50


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    from market.kit.db import db

    heard: list[str] = []

    def hear(_connection, _cursor, statement, *_rest) -> None:  # type: ignore[no-untyped-def]
        heard.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def newcomer(app: Flask, role: str, number: int) -> Player:
    from market.accounts import service
    from market.accounts.actor import Role
    from market.accounts.models import Verification
    from market.creators.schemas import ProfileChangeSchema
    from market.creators.service import save_profile
    from market.kit.db import transaction

    email = f"{role}{number}@example.com"
    with app.app_context(), transaction():
        made = service.admit(email=email, password_hash="-", name=f"{role} {number}", role=Role(role))
        made.party.verification = Verification.VERIFIED
        if role == "creator":
            save_profile(made.party_id, ProfileChangeSchema().load(PROFILE), by=made.actor())
        return Player(app, role, email, made.person_id, made.party_id, "")


def fill(cast: dict[str, Player], brief: UUID, numbers: range) -> None:
    """For each number a new merchant with an open brief, and a new creator whom Wen follows, with a post, a show, a
    bid on Mei's one brief and an order of Mei's."""
    from market.bids import service as bids
    from market.feed import service as feed
    from market.kit.clock import now
    from market.kit.db import transaction
    from market.live import service as live
    from market.shops import service as shops

    mei, wen = cast["mei"], cast["wen"]
    for number in numbers:
        shop, creator = (newcomer(mei.app, role, number) for role in ("merchant", "creator"))
        play.bid_on_brief(shop, creator, title=f"手冲咖啡豆短视频 {number}")
        play.award(mei, creator)
        facts = {"merchant_id": shop.party_id, "order_id": None, "category": "food"}
        offer = {
            "price_fen": 900_000,
            "plan": "一镜到底。",
            "delivery_on": (now() + timedelta(days=9)).date(),
        }
        with mei.app.app_context(), transaction():
            feed.follow(creator.party_id, by=wen.actor)
            title = f"周末手冲 {number}"
            feed.add(source_id=uuid4(), author_id=creator.party_id, title=title, body="三个数字。", **facts)
            live.add(
                source_id=uuid4(),
                creator_id=creator.party_id,
                title=title,
                starts_at=now() + timedelta(days=2, minutes=number),
                minutes=60,
                **facts,
            )
            bids.place(brief, creator.party_id, offer, by=creator.actor)
            shops.add(
                {"title": f"咖啡豆 {number}", "category": "food", "price_fen": 9900, "stock": 5}, by=mei.actor
            )


def test_a_long_list_asks_the_database_no_oftener_than_a_short_one(app, cast):
    from market.kit.ids import encode

    brief, _bid = play.bid_on_brief(cast["mei"], cast["bo"], price_fen=1_000_000)
    lin = cast["lin"]
    assert lin.api("PATCH", "/profile", json=PROFILE | {"categories": ["food"]}).status_code == 200
    order = play.award(cast["mei"], lin)
    readers = {name: cast[name].browser() for name in ("mei", "lin", "wen")} | {"nobody": app.test_client()}
    pages = {
        "nobody": ["/", "/tasks", "/feed", "/live", "/creators"],
        "wen": ["/feed", "/live"],
        "lin": ["/u", "/u/tasks?tab=all", "/u/tasks", "/u/orders", "/u/bids"],
        "mei": [
            "/tasks",
            "/m",
            "/m/tasks",
            "/m/orders",
            "/m/funds",
            "/m/products",
            f"/m/tasks/{encode('tsk', brief)}",
            f"/orders/{encode('ord', order)}",
        ],
    }

    def asked() -> dict[str, int]:
        counted = {}
        for who, paths in pages.items():
            for path in paths:
                for _ in "12":  # the first visit may make what the process keeps
                    with statements(app) as heard:
                        answer = readers[who].get(path)
                assert answer.status_code == 200, (path, answer.status_code)
                counted[f"{who} {path}"] = len(heard)
        return counted

    fill(cast, brief, range(FEW))
    few = asked()
    fill(cast, brief, range(FEW, MANY))

    assert asked() == few
