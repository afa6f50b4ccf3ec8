"""Scenes: a product on the shelf, a ready file, an order whose draft was accepted."""

import secrets
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from market.accounts.vocabulary import Format
from market.bids import service as bids
from market.delivery import service as delivery
from market.delivery.models import Kind, Submission
from market.kit.clock import now
from market.kit.db import db, transaction
from market.kit.events import Event, history
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Leg, PostingKind
from market.media.models import Asset, AssetState
from market.media.models import Kind as AssetKind
from market.orders import awarding
from market.orders import service as orders
from market.publication import service as publication
from market.shops import service as shops
from market.shops.models import Product
from market.tasks import service as tasks
from tests.conftest import Player


def product(shop: Player, **values: Any) -> Product:
    data = {
        "title": "手绘青花茶具",
        "category": "home",
        "price_fen": 26_800,
        "stock": 30,
        "number": "",
        "description": "",
    }
    with transaction():
        return shops.add(data | {"image_ids": []} | values, by=shop.actor)


def asset(owner: Player, kind: AssetKind = AssetKind.IMAGE) -> Asset:
    """A file as the transcoder leaves it."""
    made = {"image": [320, 640, 1280], "plain": "plain.jpg"}
    if kind is AssetKind.VIDEO:
        made = {"master": "master.m3u8", "mp4": "720.mp4", "poster": "poster.jpg", "ladder": [480]}
    with transaction():
        ready = Asset(
            owner_id=owner.party_id,
            kind=kind,
            filename="茶具.mp4" if kind is AssetKind.VIDEO else "茶具.jpg",
            size=1000,
            state=AssetState.READY,
            token=secrets.token_urlsafe(16),
            revision="r1",
            renditions=made,
            duration_ms=12_000 if kind is AssetKind.VIDEO else None,
            width=720,
            height=720,
        )
        db.session.add(ready)
    return ready


def accepted(
    merchant: Player,
    creator: Player,
    format_: Format = Format.VIDEO,
    *,
    title: str = "一分钟看懂青花茶具",
    products: list[Product] | None = None,
    campaign: str | None = None,
    months: int = 6,
    category: str = "home",
    live_minutes: int | None = None,
) -> Submission:
    """An order from brief to the merchant's word on the draft; the events wait for the workers."""
    due = now() + timedelta(days=20)
    with transaction():
        brief = tasks.draft(
            {
                "title": "双11 茶具推广",
                "category": category,
                "format": format_.value,
                "goal": "让年轻人看到手绘茶具的细节",
                "deliverables": ["一条成片"],
                "budget_fen": 500_000,
                "deadline": due,
                "rights_months": months,
                "campaign_code": campaign,
                "product_ids": [each.id for each in products or []],
                "live_minutes": live_minutes,
            },
            by=merchant.actor,
        )
        tasks.open_(brief, by=merchant.actor)
    with transaction():
        offer = {
            "price_fen": 400_000,
            "plan": "用一天的茶席串起六件器物。",
            "delivery_on": date.today() + timedelta(days=10),
        }
        bid = bids.place(brief.id, creator.party_id, offer, by=creator.actor)
    with transaction():
        order = awarding.award(brief.id, bid.id, merchant.actor)
        escrow = Leg(
            Account(AccountKind.STRIPE_CLEARING), Account(AccountKind.ESCROW_UNALLOCATED, order.id), 400_000
        )
        ledger.post(PostingKind.CHARGE, f"charge:{order.id}", [escrow], source=("order", order.id))
        orders.fund(order.id)
    with transaction():
        script = delivery.submit(
            order.id, Kind.SCRIPT, {"text": "开场：一只手把茶盏放在木桌上。"}, creator.actor
        )
        delivery.accept(script.id, merchant.actor)
    content = _content(format_, title, creator)
    with transaction():
        draft = delivery.submit(order.id, Kind(format_.value), content, creator.actor)
    with transaction():
        return delivery.accept(draft.id, merchant.actor)


def _content(format_: Format, title: str, creator: Player) -> dict[str, Any]:
    if format_ is Format.VIDEO:
        return {"title": title, "text": "六件套，手绘。", "asset_id": asset(creator, AssetKind.VIDEO).id}
    if format_ is Format.ARTICLE:
        pictures = [asset(creator).id, asset(creator).id]
        return {
            "title": title,
            "body": "# 先看釉色\n\n第一段 <b>不是标签</b>。\n\n- 一壶\n- 四杯",
            "image_ids": pictures,
        }
    starts_at = now() + timedelta(days=2)
    return {
        "title": title,
        "rundown": "先讲器形，再讲釉色。",
        "starts_at": starts_at,
        "asset_id": asset(creator).id,
    }


def accepted_event(submission: Submission) -> Event:
    return [one for one in history(submission.order_id) if one.name == "delivery.accepted"][-1]


def published_event(submission: Submission) -> Event:
    return next(one for one in history(submission.order_id) if one.name == "publication.published")


def put_on_shelf(submission: Submission) -> Event:
    """Run the listener as a worker does."""
    with transaction():
        publication.publish(accepted_event(submission))
    return published_event(submission)


def nobody() -> UUID:
    return uuid4()
