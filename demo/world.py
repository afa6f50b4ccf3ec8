"""The demo world, acted out: ninety days of business through the real services, with the clock moved along.

Every order runs its own story; the stories are told in the order of time, and after each step whatever it set off
(listeners, timers) is done, as the workers would have done it. Money goes through the local Stripe. The same seed
gives the same world, ids and moments of storage apart.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import exp
from typing import Any
from uuid import UUID
from zlib import crc32

import requests
from sqlalchemy import text

from demo import portraits
from demo.clips import Studio
from demo.films import shelf
from demo.people import AGENCIES, CREATORS, MERCHANTS, OPERATORS, PASSWORD, VIEWERS, Creator
from demo.words import ASKS, CHANGED, GREETINGS, ONE_MORE, PLANS, REMARKS, Ask
from market.accounts import service as accounts
from market.accounts.actor import Actor, Role
from market.accounts.models import Membership, Verification
from market.accounts.vocabulary import Format
from market.agencies import service as agencies
from market.bids import invitations
from market.bids import service as bids
from market.campaigns import service as campaigns
from market.creators import calendar
from market.creators import service as creators
from market.delivery import queries as deliveries
from market.delivery import service as delivery
from market.delivery.models import Kind, Submission
from market.effect import service as effect
from market.feed import service as feed
from market.kit import clock
from market.kit.db import db, transaction
from market.media.models import Kind as MediaKind
from market.messages import service as messages
from market.orders import changes, exits
from market.orders import queries as orders
from market.orders import service as ordering
from market.orders.states import Stage
from market.payments import (
    calls,
    checkouts,
    connect,
    earnings,
    gateway,
    outbox,
    polls,
    receipts,
    topping_up,
    wallet,
    withdrawals,
)
from market.portraits import service as noted_portraits
from market.portraits.models import Whose
from market.shops import service as shops
from market.subsidies import service as subsidies
from market.subsidies.models import SubsidyKind
from market.tasks import service as tasks
from market.tasks.queries import find as find_task
from market.traffic import service as traffic
from workers.drain import drain
from workers.relay import relay

DAYS = 90
SEASON = "double11-2026"
Told = Callable[[str, int, int], None]
Step = tuple[datetime, Callable[[], None]]

ENDS = (
    "open",
    "awarded",
    "cancelled",
    "lapsed",
    "scripting",
    "script",
    "drafting",
    "draft",
    "revision",
    "publishing",
    "completed",
    "settled",
)
"""How far a story goes; `cancelled`, `lapsed` and `settled` end off the way."""

STANDING = (
    # (ask, days ago, how far)
    (1, 6, "draft"),
    (4, 5, "drafting"),
    (9, 7, "revision"),
    (6, 4, "script"),
    (12, 4, "scripting"),
    (2, 6, "publishing"),
    (13, 3, "awarded"),
    (11, 3, "cancelled"),
    (8, 9, "lapsed"),
    (3, 8, "settled"),
    (0, 2, "open"),
    (5, 2, "open"),
    (10, 1, "open"),
    (14, 1, "open"),
)
"""What is under way today: at least one order in every state."""


@dataclass
class World:
    """Everybody, by key."""

    seed: int
    stripe: str
    actors: dict[str, Actor] = field(default_factory=dict)
    products: dict[str, list[UUID]] = field(default_factory=dict)
    studio: Studio = field(default_factory=Studio)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.today = datetime.now(UTC)

    def at(self, moment: datetime) -> None:
        clock.shift(moment - datetime.now(UTC))

    def ago(self, days: float) -> datetime:
        return self.today - timedelta(days=days)


def settle() -> None:
    """Do what the last step set off, until nothing is left. Asked first: most looks of relay and drain would be in vain."""
    while True:
        news, due = db.session.execute(LEFT, {"now": clock.now()}).one()
        db.session.remove()
        if news:
            relay()
        elif due:
            drain(most=due)
        else:
            return


LEFT = text("""SELECT EXISTS (SELECT FROM events WHERE relayed_at IS NULL),
    (SELECT count(*) FROM work_items WHERE state = 'waiting' AND due_at <= :now)""")


def build(world: World, *, size: str, told: Told) -> None:
    """Everything, with progress by `told(what, done, of)`."""
    told("people", 0, 1)
    world.at(world.ago(DAYS + 5))
    people(world)
    settle()
    told("shops", 0, 1)
    storefronts(world)
    venue(world)
    settle()
    subsidy(world)
    steps = [
        *stories(world, size),
        (world.ago(16), lambda: pay_out(world, "yezi")),
        (world.ago(15), lambda: pay_out(world, "ada")),
        (world.ago(9), lambda: top_up(world, "qingshan", 1_500_000)),
    ]
    steps.sort(key=lambda step: step[0])
    for done, (moment, act) in enumerate(steps):
        told("orders", done, len(steps))
        world.at(moment)
        settle()
        act()
    clock.shift(timedelta())
    settle()
    told("today", 0, 1)
    shelf(world)
    elsewhere(world)
    daily(world)
    portraits_of_all(world)
    weeks(world)
    around(world)
    settle()


def people(world: World) -> None:
    """Merchants, creators with profiles, agencies with rosters, viewers, operators: all verified."""
    hash_once = accounts.hasher.hash(PASSWORD)

    def join(key: str, name: str, role: Role, city: str = "", bio: str = "") -> Membership:
        with transaction():
            membership = accounts.admit(
                email=f"{key}@demo.example", password_hash=hash_once, name=name, role=role
            )
            party = membership.party
            party.city, party.bio, party.verification = city, bio, Verification.VERIFIED
            db.session.flush()
            world.actors[key] = membership.actor()
        return membership

    for key, name in OPERATORS:
        join(key, name, Role.OPERATOR)
    for merchant in MERCHANTS:
        join(merchant.key, merchant.name, Role.MERCHANT, merchant.city, merchant.bio)
    for creator in CREATORS:
        join(creator.key, creator.name, Role.CREATOR, creator.city, creator.bio)
        with transaction():
            creators.save_profile(
                _party(world.actors[creator.key]), _profile(creator), by=world.actors[creator.key]
            )
    for key, name, city, bio, roster in AGENCIES:
        join(key, name, Role.AGENCY, city, bio)
        for member, bps in roster:
            with transaction():
                link = agencies.invite(
                    _party(world.actors[key]), f"{member}@demo.example", bps, by=world.actors[key]
                )
            with transaction():
                agencies.answer(link, accept=True, by=world.actors[member])
    for key, name in VIEWERS:
        join(key, name, Role.VIEWER)
    with transaction():
        waiting = accounts.admit(
            email="hexiaoxin@demo.example", password_hash=hash_once, name="何小新", role=Role.CREATOR
        )
        accounts.ask_verification(
            waiting.party,
            {
                "legal_name": "何小新",
                "registration_no": "演示证件号 0001",
                "contact": "站内消息",
                "note": "美食探店两年",
            },
            by=waiting.actor(),
        )


def _by_length(key: str, fen: int | None) -> dict[str, int | None]:
    """A short video for two thirds of the usual price, a long one for half as much again; every fourth makes none of one."""
    if fen is None:
        return {}
    short, long = round(fen * 2 / 3, -4), round(fen * 3 / 2, -4)
    left_out = crc32(key.encode()) % 8
    return {
        "price_video_short_fen": None if left_out == 0 else short,
        "price_video_medium_fen": fen,
        "price_video_long_fen": None if left_out == 1 else long,
    }


def _profile(creator: Creator) -> dict[str, Any]:
    article, video, live = (None if yuan is None else yuan * 100 for yuan in creator.prices)
    return {
        "kind": creator.kind,
        "categories": list(creator.categories),
        "platform_level": creator.level,
        "fans": creator.fans,
        "audience": {
            "gender": {"female": creator.female, "male": 100 - creator.female},
            "age": {"18-24": 31, "25-34": 38, "35-44": 19, "45+": 8},
            "city": {"tier1": 24, "new1": 33, "tier2": 22, "tier3": 21},
        },
        "price_article_fen": article,
        **_by_length(creator.key, video),
        "price_live_hour_fen": None if live is None else live // 2,
        "slots_per_week": creator.slots,
        "city_tier": creator.tier,
    }


def storefronts(world: World) -> None:
    """Products with pictures."""
    for merchant in MERCHANTS:
        for at in range(len(merchant.products)):
            world.studio.foresee(MediaKind.IMAGE, merchant.category, at, world.actors[merchant.key])
    for merchant in MERCHANTS:
        owner = world.actors[merchant.key]
        world.products[merchant.key] = []
        for at, (title, yuan, stock) in enumerate(merchant.products):
            picture = world.studio.picture(merchant.category, at, owner)
            with transaction():
                product = shops.add(
                    {
                        "number": f"{merchant.key[:2].upper()}-{at + 1:03}",
                        "title": title,
                        "category": merchant.category,
                        "price_fen": yuan * 100,
                        "stock": stock,
                        "description": f"{title}。{merchant.bio}",
                        "image_ids": [picture],
                    },
                    by=owner,
                )
            world.products[merchant.key].append(product.id)


def venue(world: World) -> None:
    """The Double 11 venue, composed by the operator; works fill it as they are published."""
    zhou = world.actors[OPERATORS[0][0]]
    with transaction():
        made = campaigns.compose(
            {
                "season": SEASON,
                "slug": "double11-2026",
                "title": "双11 内容会场",
                "subtitle": "看过再买，买得明白",
                "opens_at": None,
                "closes_at": None,
            },
            by=zhou,
        )
        campaigns.publish(made, by=zhou)


def subsidy(world: World) -> None:
    """What the platform adds in the last days of the season."""
    with transaction():
        subsidies.make(
            {
                "name": "双11 返场补贴",
                "kind": SubsidyKind.COUPON,
                "campaign_code": SEASON,
                "percent_bps": 500,
                "cap_fen": 10_000,
                "budget_fen": 500_000,
                "starts_at": world.ago(5),
                "ends_at": world.today + timedelta(days=20),
            },
            by=world.actors[OPERATORS[0][0]],
        )


def top_up(world: World, merchant: str, fen: int) -> None:
    """By card on the hosted page, with the tick that lets Stripe keep it."""
    actor = world.actors[merchant]
    made = topping_up.top_up(actor, fen, key="demo", public_url="http://127.0.0.1", locale="zh")
    _pay_page(world, made.id, method="card", save=True)
    polls.look_at_cards(_party(actor))


def pay_out(world: World, payee: str) -> None:
    """All that is available to the bank, after the payee's account at Stripe is set up."""
    actor = world.actors[payee]
    with transaction():
        account_id = connect.begin(_party(actor), by=actor)[0].id
    outbox.drain()
    stripe_id = connect.of(_party(actor)).stripe_id
    db.session.remove()
    requests.post(f"{world.stripe}/_sandbox/onboard/{stripe_id}", timeout=20).raise_for_status()
    polls.look_at_account(account_id)
    with transaction():
        most = earnings.withdrawable(_party(actor))
        made = withdrawals.withdraw(party_id=_party(actor), amount_fen=most, by=actor, key="demo")
    outbox.drain()
    polls.look_at_withdrawal(made.id)


def _pay_page(world: World, checkout_id: UUID, **how: Any) -> None:
    """Pay as the hosted page would do it, and hear of it."""
    session_id = checkouts.find(checkout_id).session_id
    db.session.remove()
    paid = requests.post(f"{world.stripe}/_sandbox/pay/{session_id}", json=how, timeout=20)
    paid.raise_for_status()
    view = gateway.session(str(session_id))
    with transaction():
        receipts.apply(view)


def stories(world: World, size: str) -> Iterator[Step]:
    """The steps of all orders: the past ones, spread over the ninety days, and those that stand today."""
    rounds = 1 if size == "demo" else 12
    past = [ask for _ in range(rounds) for ask in world.chance.sample(range(len(ASKS)), len(ASKS))]
    if size == "demo":
        past = past[:12]
    for at, ask in enumerate(past):
        days = DAYS - 4 - at * (DAYS - 16) / len(past)
        yield from Story(world, ASKS[ask], world.ago(days), "completed").steps()
    for ask, days, end in STANDING:
        yield from Story(world, ASKS[ask], world.ago(days), end).steps()


class Story:
    """One brief and what comes of it."""

    def __init__(self, world: World, ask: Ask, begins: datetime, end: str) -> None:
        self.world, self.ask, self.begins, self.end = world, ask, begins, end
        self.chance = random.Random(f"{world.seed}:{ask.title}:{(world.today - begins).days}")
        self.merchant = world.actors[ask.merchant]
        self.category = next(each.category for each in MERCHANTS if each.key == ask.merchant)
        self.task_id: UUID | None = None
        self.order_id: UUID | None = None
        self.bid_ids: list[UUID] = []
        self.bidders = self._bidders()
        self.chosen = 0
        self.looks = (
            self.chance.randrange(60),
            self.chance.randrange(60),
        )  # of the first version, and of the next

    def steps(self) -> Iterator[Step]:
        """When each thing happens; the pace shrinks so that a young story still gets to where it should."""
        reach = ENDS.index(self.end)
        script = [
            (0.0, self.open, 0),
            *[(0.1 + 0.12 * at, lambda at=at: self.bid(at), 0) for at in range(len(self.bidders))],
            (0.7, self.award, 1),
            (0.8, self.greet, 4),
            (0.75, self.pay, 4),
            (1.2, self.script, 5),
            (1.5, self.accept, 6),
            (2.6, self.hand_in, 7),
            (2.9, self.ask_revision, 8),
            (3.2, self.hand_in, 9),
            (3.4, self.accept, 9),
        ]
        taken = [each for each in script if each[2] <= reach]
        if self.end == "draft":
            taken = [each for each in taken if each[2] != 8]
        if self.end in ("cancelled", "lapsed"):
            taken = [each for each in script if each[2] <= 1]
        if (
            self.end == "completed" and self.chance.random() < 0.6
        ):  # taken at the first try, before the timer does
            taken = [*[each for each in taken if each[0] < 2.9], (2.9, self.accept, 9)]
        if self.end == "settled":
            taken = [*[each for each in script if each[2] <= 5], (1.4, self.end_early, 5)]
        if self.end == "cancelled":
            taken.append((0.9, self.cancel, 1))
        if self.end == "publishing":
            taken.append((1.8, self.change, 9))
        if self.end == "drafting":
            taken.append((2.4, self.propose, 6))
        if self.ask.format == "video":
            for look, _ in zip(self.looks, [each for each in taken if each[1] == self.hand_in], strict=False):
                self.world.studio.foresee(MediaKind.VIDEO, self.category, look, self.merchant)
        last = max(when for when, _, _ in taken)
        room = (self.world.today - timedelta(hours=1) - self.begins).total_seconds() / 86400
        pace = min(2.0, room / last) if last else 1.0
        for when, act, _ in taken:
            yield self.begins + timedelta(days=when * pace), act

    def _bidders(self) -> list[Creator]:
        """Creators of the category who offer the format, the strongest first by chance."""
        at = ("article", "video", "live").index(self.ask.format)
        able = [c for c in CREATORS if self.category in c.categories and c.prices[at] is not None]
        able = [c for c in able if (c.prices[at] or 0) <= self.ask.budget * 1.3] or able[:1]
        self.chance.shuffle(able)
        return able[:3]

    def _speaker(self, creator: Creator) -> Actor:
        """Who bids for the creator: the agency, if one has them."""
        for key, _, _, _, roster in AGENCIES:
            if creator.key in {member for member, _ in roster}:
                return self.world.actors[key]
        return self.world.actors[creator.key]

    def open(self) -> None:
        late = max(clock.now() + timedelta(days=12), self.world.today + timedelta(days=6))
        deadline = late if self.end != "completed" else clock.now() + timedelta(days=14)
        in_season = self.ask.format != "article" or self.chance.random() < 0.7
        with transaction():
            task = tasks.draft(
                {
                    "category": self.category,
                    "format": self.ask.format,
                    "title": self.ask.title,
                    "goal": f"{self.ask.goal}，写给正在比较同类商品的人看。",
                    "key_messages": list(self.ask.key_messages),
                    "product_ids": [self.world.products[self.ask.merchant][self.ask.product]],
                    "audience": {"gender": [], "age": ["18-24", "25-34"], "city": []},
                    "budget_fen": self.ask.budget * 100,
                    "deadline": deadline,
                    "bids_close_at": min(deadline, clock.now() + timedelta(days=6)),
                    "rights_months": 6,
                    "rights_channels": ["detail", "shop"],
                    "campaign_code": SEASON if in_season else None,
                },
                by=self.merchant,
                from_template=True,
            )
            tasks.open_(task, by=self.merchant)
            self.task_id = task.id
        if self.bidders:
            with transaction():
                invitations.invite(
                    task.id,
                    _party(self.world.actors[self.bidders[0].key]),
                    message="看了您的主页，觉得很合适，期待报价。",
                    by=self.merchant,
                )

    def bid(self, at: int) -> None:
        creator = self.bidders[at]
        asked = creator.prices[("article", "video", "live").index(self.ask.format)] or 0
        price = min(self.ask.budget, round(asked * self.chance.uniform(0.85, 1.1) / 10) * 10)
        assert self.task_id
        task = find_task(self.task_id)
        assert task.deadline
        delivery_on = (task.deadline - timedelta(days=1, hours=12)).date()
        with transaction():
            bid = bids.place(
                self.task_id,
                _party(self.world.actors[creator.key]),
                {"price_fen": price * 100, "plan": self.chance.choice(PLANS), "delivery_on": delivery_on},
                by=self._speaker(creator),
            )
            self.bid_ids.append(bid.id)

    def award(self) -> None:
        assert self.task_id
        self.chosen = self.chance.randrange(len(self.bid_ids))
        with transaction():
            order = ordering.award(self.task_id, self.bid_ids[self.chosen], self.merchant)
            self.order_id = order.id

    @property
    def creator(self) -> Actor:
        return self.world.actors[self.bidders[self.chosen].key]

    def cancel(self) -> None:
        assert self.order_id
        with transaction():
            ordering.cancel(orders.find(self.order_id, lock=True), self.merchant)

    def pay(self) -> None:
        """Out of the wallet when it has enough, else through the local Stripe."""
        assert self.order_id
        with transaction():
            order = orders.find(self.order_id, lock=True)
            if wallet.balance(order.merchant_id) >= order.price_fen:
                ordering.pay_from_wallet(order, self.merchant)
                return
            checkout = ordering.checkout(
                order,
                self.merchant,
                key=f"demo:{order.id}",
                return_url="http://127.0.0.1/checkouts/{checkout}",
            )
            call = calls.last_of("checkout", checkout.id)
        assert call
        outbox.send(call.id)
        _pay_page(self.world, checkout.id, method=self.chance.choice(("card", "alipay", "wechat_pay")))

    def end_early(self) -> None:
        """The merchant asks after the script, the creator agrees: what is left goes into the merchant's wallet."""
        assert self.order_id
        with transaction():
            order = orders.find(self.order_id, lock=True)
            seen = exits.quote(order)
            asked = exits.ask(order, self.merchant, token=seen.token, reason=CHANGED, to_wallet=True)
        with transaction():
            order = orders.find(self.order_id, lock=True)
            exits.agree(order, exits.find_exit(asked.id, order), self.creator, round_=asked.round)

    def propose(self) -> UUID:
        """One more scene, and the days and the money for it; by the agency, when the creator has one."""
        assert self.order_id
        with transaction():
            order = orders.find(self.order_id, lock=True)
            made = changes.propose(
                order,
                self._speaker(self.bidders[self.chosen]),
                stage=Stage.DRAFT,
                text=ONE_MORE,
                added_fen=order.price_fen // 1000 * 100,
                added_days=2,
            )
            return made.id

    def change(self) -> None:
        """The merchant agrees, and what is added is in escrow before it counts."""
        change_id = self.propose()
        assert self.order_id
        with transaction():
            order = orders.find(self.order_id, lock=True)
            found = changes.find_change(change_id, order)
            changes.accept(order, found, self.merchant, version=found.version)
        with transaction():
            order = orders.find(self.order_id, lock=True)
            checkout = ordering.checkout(
                order,
                self.merchant,
                whole=False,
                key=f"demo:{found.id}",
                return_url="http://127.0.0.1/checkouts/{checkout}",
            )
            call = calls.last_of("checkout", checkout.id)
        assert call
        outbox.send(call.id)
        _pay_page(self.world, checkout.id, method="card")

    def greet(self) -> None:
        assert self.order_id
        order = orders.find(self.order_id)
        first, second = self.chance.choice(GREETINGS)
        with transaction():
            thread = messages.thread_for("order", order.id, order.title, order.parties)
            messages.say(thread, first, by=self.merchant)
        with transaction():
            messages.say(thread, second, by=self.creator)

    def script(self) -> None:
        assert self.order_id
        with transaction():
            delivery.submit(self.order_id, Kind.SCRIPT, {"text": self.ask.script}, by=self.creator)

    def hand_in(self) -> None:
        assert self.order_id
        owner = self.creator
        look = self.looks[any(each.kind is not Kind.SCRIPT for each in deliveries.of_order(self.order_id))]
        shop = next(merchant for merchant in MERCHANTS if merchant.key == self.ask.merchant)
        product = self.world.products[self.ask.merchant][self.ask.product]
        content: dict[str, Any] = {"title": self.ask.work, "product_ids": [product]}
        kind = Kind(self.ask.format)
        if kind is Kind.VIDEO:
            content |= {"asset_id": self.world.studio.film(shop.category, look, owner), "text": self.ask.goal}
        elif kind is Kind.ARTICLE:
            name = shop.products[self.ask.product][0]
            picture = self.world.studio.picture(shop.category, look, owner)
            content |= {"body": self.ask.body.replace("%(product)s", name), "image_ids": [picture]}
        else:
            soon = max(clock.now() + timedelta(days=2), self.begins)
            starts = soon.astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(
                days=1
            )
            picture = self.world.studio.picture(shop.category, look, owner)
            content |= {"asset_id": picture, "rundown": self.ask.script, "starts_at": starts}
        with transaction():
            delivery.submit(self.order_id, kind, content, by=owner)

    def _last(self) -> Submission:
        assert self.order_id
        return deliveries.of_order(self.order_id)[-1]

    def ask_revision(self) -> None:
        said: dict[str, Any] = {"text": self.chance.choice(REMARKS)}
        if self.ask.format == "video":
            said |= {"at_ms": 1500, "x": 5200, "y": 4100}
        with transaction():
            delivery.ask_revision(self._last().id, [said], by=self.merchant)

    def accept(self) -> None:
        last = self._last()
        waits = self.end == "publishing" and last.kind is not Kind.SCRIPT
        evening = (self.world.today + timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0)
        publish_at = evening if waits else None
        with transaction():
            delivery.accept(last.id, by=self.merchant, publish_at=publish_at)


def elsewhere(world: World) -> None:
    """What creators did before they came, as their agencies would import it: works with what they cost and brought."""
    draw = random.Random(world.chance.random())  # so that what follows is not moved by how much is drawn here
    for creator in CREATORS:
        gift = draw.gauss(0, 0.4)
        offered = [
            (format, yuan)
            for format, yuan in zip((Format.ARTICLE, Format.VIDEO, Format.LIVE), creator.prices, strict=True)
            if yuan
        ]
        with transaction():
            for at in range(draw.randint(4, 14)):
                format, yuan = draw.choice(offered)
                plays = int(5 * creator.fans**0.85 * exp(gift + draw.gauss(0, 0.45)))
                effect.note(
                    f"import:{creator.key}:{at}",
                    creator_id=_party(world.actors[creator.key]),
                    at=world.ago(DAYS + draw.uniform(1, 300)),
                    category=draw.choice(creator.categories),
                    format=format,
                    price_fen=int(yuan * draw.uniform(0.85, 1.1)) * 100,
                    plays=plays,
                    interactions=int(plays * draw.uniform(0.012, 0.06)),
                )
    effect.refit()


def weeks(world: World) -> None:
    """Lin takes fewer orders in a week ahead and days off in the next; Tang as well."""
    first = calendar.monday_of(world.today.date())
    for key, ahead, said in (
        ("lin", 4, {"slots": 2}),
        ("lin", 5, {"days_off": calendar.days_of(first + 5 * calendar.WEEK)[3:]}),
        ("tang", 2, {"slots": 2, "days_off": calendar.days_of(first + 2 * calendar.WEEK)[5:]}),
    ):
        actor = world.actors[key]
        with transaction():
            calendar.state(_party(actor), first + ahead * calendar.WEEK, said, by=actor)


UNTOLD = ("qiuqiu",)
"""Creators of whose fans nothing is known."""


def portraits_of_all(world: World) -> None:
    """Whom creators reach and merchants sell to, counted a week ago: the rest of what an importer would bring."""
    draw = random.Random(world.seed + 1)
    day = world.ago(7).date()
    with transaction():
        for creator in CREATORS:
            cells = portraits.counts(draw, creator.fans, creator.categories, creator.female, creator.tier)
            if creator.key not in UNTOLD:
                party = _party(world.actors[creator.key])
                noted_portraits.note(party, Whose.FANS, day, persons=creator.fans, cells=cells)
        for at, merchant in enumerate(MERCHANTS):
            buyers = draw.randint(2_000, 60_000)
            female = portraits.FEMALE.get(merchant.category, 55)
            cells = portraits.counts(draw, buyers, (merchant.category,), female, ("tier2", "new1")[at % 2])
            party = _party(world.actors[merchant.key])
            noted_portraits.note(party, Whose.BUYERS, day, persons=buyers, cells=cells)


def daily(world: World) -> None:
    """Sixty days of two accounts, as an importer would tell them: Lin's are ordinary, Xiaoman's fans jump one day."""
    draw = random.Random(world.seed)
    for key, jump in (("lin", 0), ("xiaoman", 9)):
        creator = next(each for each in CREATORS if each.key == key)
        fans = creator.fans
        with transaction():
            for ago in range(60, 0, -1):
                plays = int(creator.fans * 0.15 * exp(draw.gauss(0, 0.3)))
                fans += int(plays * 0.002) + (int(creator.fans * 0.12) if ago == jump else 0)
                traffic.note_day(
                    _party(world.actors[key]),
                    world.ago(ago).date(),
                    fans=fans,
                    plays=plays,
                    interactions=int(plays * 0.04),
                    hours=[],
                    comments=[],
                )
            traffic.examine([_party(world.actors[key])])


def around(world: World) -> None:
    """Viewers follow, a merchant keeps a draft."""
    for at, (key, _) in enumerate(VIEWERS):
        for creator in world.chance.sample(CREATORS, 9 - at * 2):
            with transaction():
                feed.follow(_party(world.actors[creator.key]), by=world.actors[key])
        with transaction():
            feed.follow(_party(world.actors[MERCHANTS[at % len(MERCHANTS)].key]), by=world.actors[key])
    with transaction():
        tasks.draft(
            {"category": "outdoor", "format": "video", "title": "双12 新竿首发开箱"},
            by=world.actors["qingshan"],
            from_template=True,
        )
    for key in ("qingshan", "baicao"):
        with transaction():
            feed.write(
                {
                    "title": "双11 返场最后一周",
                    "body": "返场价和首发当天一样，想好再买，不急。",
                    "product_ids": world.products[key][:2],
                },
                by=world.actors[key],
            )


def _party(actor: Actor) -> UUID:
    assert actor.party_id
    return actor.party_id
