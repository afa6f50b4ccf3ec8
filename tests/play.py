"""What the cast does before a scene begins: briefs, bids, awards, payments, files. Real services, no shortcuts."""

import secrets
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Flask

from tests.conftest import Player
from tests.sandbox import Sandbox


def bid_on_brief(
    mei: Player,
    lin: Player,
    *,
    price_fen: int = 1_000_000,
    agency: Player | None = None,
    commission_bps: int = 2000,
    **brief: Any,
) -> tuple[UUID, UUID]:
    """Mei opens a brief and Lin (or an agency for Lin) bids; (task, bid)."""
    from market.agencies import service as rosters
    from market.bids import service as bids
    from market.kit.clock import now
    from market.kit.db import transaction
    from market.tasks import service as tasks

    given = {
        "category": "food",
        "format": "video",
        "title": "手冲咖啡豆 60 秒短视频",
        "goal": "让周末在家冲咖啡的人看到风味和冲法，愿意下单试一包。",
        "key_messages": ["前 5 秒出现产品", "说清烘焙日期"],
        "deliverables": ["1 条 1:1 短视频"],
        "budget_fen": max(price_fen, 2_000_000),
        "deadline": now() + timedelta(days=20),
        "bids_close_at": now() + timedelta(days=10),
        "revisions": 2,
    } | brief
    with mei.app.app_context():
        with transaction():
            task = tasks.draft(given, by=mei.actor)
            tasks.open_(task, by=mei.actor)
        offer = {
            "price_fen": price_fen,
            "plan": "两个场景，一镜到底，真实冲煮。",
            "delivery_on": (now() + timedelta(days=14)).date(),
        }
        if agency:
            with transaction():
                link = rosters.invite(agency.party_id, lin.email, commission_bps, by=agency.actor)
                rosters.answer(link, accept=True, by=lin.actor)
        with transaction():
            bid = bids.place(task.id, lin.party_id, offer, by=(agency or lin).actor)
        return task.id, bid.id


def award(mei: Player, lin: Player, **kwargs: Any) -> UUID:
    """An order that waits for its money."""
    from market.kit.db import transaction
    from market.orders import service

    task_id, bid_id = bid_on_brief(mei, lin, **kwargs)
    with mei.app.app_context(), transaction():
        return service.award(task_id, bid_id, mei.actor).id


def open_checkout(mei: Player, order_id: UUID, key: str | None = None) -> Any:
    """Mei clicks on pay; the payment as the API shows it."""
    from market.kit.ids import encode

    answer = mei.api(
        "POST",
        f"/orders/{encode('ord', order_id)}/checkouts",
        headers={"Idempotency-Key": key or secrets.token_hex(8)},
    )
    assert answer.status_code == 201, answer.text
    return answer.json


def session_of(app: Flask, checkout: Any) -> str:
    """Stripe's id of a payment page."""
    from market.kit.ids import decode
    from market.payments.checkouts import find

    with app.app_context():
        return str(find(decode("chk", checkout["id"])).session_id)


def fund(mei: Player, sandbox: Sandbox, order_id: UUID, **how: Any) -> None:
    """Mei pays on Stripe's page, and the event arrives."""
    checkout = open_checkout(mei, order_id)
    sandbox.pay(session_of(mei.app, checkout), **how)
    sandbox.settle()


def funded(mei: Player, lin: Player, sandbox: Sandbox, **kwargs: Any) -> UUID:
    """An order whose script is awaited."""
    order_id = award(mei, lin, **kwargs)
    fund(mei, sandbox, order_id)
    return order_id


def ready_asset(
    owner: Player, kind: str = "video", *, state: str = "ready", duration_ms: int | None = 60_000
) -> UUID:
    """A file that came through the works before the scene."""
    from market.kit.db import db, transaction
    from market.media.models import Asset, AssetState, Kind

    with owner.app.app_context(), transaction():
        asset = Asset(
            owner_id=owner.party_id,
            kind=Kind(kind),
            filename=f"{kind}.bin",
            size=1000,
            content_type="application/octet-stream",
            state=AssetState(state),
            token=secrets.token_urlsafe(16),
            revision="r1" if state == "ready" else None,
            duration_ms=duration_ms if kind == "video" else None,
            width=1080,
            height=1080,
            options={},
            renditions={"master": "master.m3u8", "mp4": "film.mp4", "poster": "poster.jpg", "ladder": [360]}
            if kind == "video"
            else {"image": [640]},
        )
        db.session.add(asset)
        db.session.flush()
        return asset.id


def submit(lin: Player, order_id: UUID, kind: str = "script", **content: Any) -> UUID:
    """Lin hands in a version."""
    from market.delivery import service
    from market.delivery.models import Kind
    from market.kit.db import transaction

    if kind == "script" and not content:
        content = {"text": "开场三秒：热水注入，产品入画。" * 3}
    if kind == "video":
        content = {"title": "周末手冲", "text": "", "product_ids": [], "asset_id": ready_asset(lin)} | content
    with lin.app.app_context(), transaction():
        return service.submit(order_id, Kind(kind), content, lin.actor).id


def accept(mei: Player, submission_id: UUID) -> None:
    from market.delivery import service
    from market.kit.db import transaction

    with mei.app.app_context(), transaction():
        service.accept(submission_id, mei.actor)


def to_publishing(mei: Player, lin: Player, order_id: UUID) -> UUID:
    """Script and draft handed in and accepted; the accepted draft."""
    accept(mei, submit(lin, order_id))
    draft = submit(lin, order_id, "video")
    accept(mei, draft)
    return draft


def onboard(payee: Player, sandbox: Sandbox) -> str:
    """The payee fills in Stripe's pages; Stripe's id of the account."""
    from market.payments import connect

    answer = payee.api("POST", "/connect/onboarding")
    assert answer.status_code == 201, answer.text
    with payee.app.app_context():
        account = connect.of(payee.party_id)
        assert account is not None and account.stripe_id
        stripe_id = account.stripe_id
    sandbox.onboard(stripe_id)
    sandbox.settle()
    return stripe_id


def shift(hours: float) -> None:
    """Later."""
    from market.kit import clock

    clock.shift(clock._shift + timedelta(hours=hours))


def balance(app: Flask, kind: str, owner: UUID | None = None) -> int:
    """What the ledger says is in an account."""
    from market.ledger import queries
    from market.ledger.accounts import Account, AccountKind

    with app.app_context():
        return queries.balance(Account(AccountKind(kind), owner))


def ledger_is_sound(app: Flask) -> None:
    """The ledger's own checks find nothing, and the orders say what the ledger says."""
    from market.ledger.checks import check
    from market.orders.checks import check as check_orders

    with app.app_context():
        assert check() == []
        assert check_orders() == []
