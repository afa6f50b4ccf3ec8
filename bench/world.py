"""A market to measure: the migrated product, and as many submissions waiting for the merchant's word as are asked for.

One order goes through the product's services; its rows are then copied under new keys, for the services would need an
hour for tens of thousands. Every copied milestone's money is posted to the ledger, so that its books are right.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy.engine import make_url

from bench.server import Missing, database, vacuum

ROOT = Path(__file__).resolve().parent.parent
CREATORS, AGENCIES = 400, 40
WHO_ACT = ("parties", "people", "memberships", "api_keys")
COPIED = (*WHO_ACT, "tasks", "bids", "orders", "milestones", "submissions", "work_items", "posts")
NEEDED = ("DATABASE_URL", "REDIS_URL", "VTASK_SECRET_KEY")


@dataclass
class World:
    """What a bench needs to act in it."""

    app: Flask
    url: str
    conninfo: str
    key: str
    """An API key of the merchant whose orders they are."""


def open_app(url: str) -> Flask:
    """The product on another database."""
    from market import settings
    from market.app import create_app

    here = settings.read()
    owner = here.owner_database_url and _on(here.owner_database_url, str(make_url(url).database))
    return create_app(replace(here, database_url=url, owner_database_url=owner))


def _on(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@contextmanager
def product(purpose: str) -> Iterator[tuple[Flask, str, str]]:
    """The product on a new, migrated, empty database; its app, the web role's URL, the owner's connection string."""
    unset = [name for name in NEEDED if name not in os.environ]
    if unset:
        raise Missing(f"{', '.join(unset)} not set: run ./vtask bench, which sets them")
    with database(purpose) as conninfo:
        name = psycopg.conninfo.conninfo_to_dict(conninfo)["dbname"]
        url = _on(os.environ["DATABASE_URL"], str(name))
        app = open_app(url)
        with app.app_context():
            from flask_migrate import upgrade

            from market.kit.db import db

            upgrade(directory=str(ROOT / "migrations"))
            db.engine.dispose()
        try:
            yield app, url, conninfo
        finally:
            with app.app_context():
                db.engine.dispose()


@contextmanager
def world() -> Iterator[World]:
    """The product with its one example order."""
    with product("market") as (app, url, conninfo):
        with app.app_context():
            from market.kit.db import db

            key = _example()
            db.session.remove()
            db.engine.dispose()
        _keep_example(conninfo)
        yield World(app, url, conninfo, key)


def _example() -> str:
    """One order by the services, its script handed in; the merchant's API key."""
    from market.accounts import service as accounts
    from market.accounts.actor import SYSTEM, Role
    from market.accounts.models import Membership, Verification
    from market.agencies import service as rosters
    from market.bids import service as bids
    from market.delivery import service as delivery
    from market.delivery.models import Kind
    from market.feed import service as feed
    from market.kit.clock import now
    from market.kit.db import transaction
    from market.ledger import service as ledger
    from market.ledger.accounts import Account, AccountKind
    from market.ledger.movements import Leg, PostingKind
    from market.orders import service as orders
    from market.tasks import service as tasks

    def enter(role: Role) -> Membership:
        email = f"{role.value}@bench.example"
        made = accounts.admit(email=email, password_hash="-", name=role.value.title(), role=role)
        made.party.verification = Verification.VERIFIED
        return made

    with transaction():
        merchant, creator, agency = enter(Role.MERCHANT), enter(Role.CREATOR), enter(Role.AGENCY)
        _, key = accounts.make_key(merchant.person_id, merchant.party_id, label="bench")
        mei, lin, ada = merchant.actor(), creator.actor(), agency.actor()
    with transaction():
        link = rosters.invite(agency.party_id, f"{Role.CREATOR.value}@bench.example", 2000, by=ada)
        rosters.answer(link, accept=True, by=lin)
    with transaction():
        task = tasks.draft(
            {
                "category": "food",
                "format": "video",
                "title": "手冲咖啡豆 60 秒短视频",
                "goal": "让周末在家冲咖啡的人看到风味和冲法，愿意下单试一包。",
                "key_messages": ["前 5 秒出现产品", "说清烘焙日期"],
                "deliverables": ["1 条 1:1 短视频"],
                "budget_fen": 2_000_000,
                "deadline": now() + timedelta(days=20),
                "bids_close_at": now() + timedelta(days=10),
                "revisions": 2,
            },
            by=mei,
        )
        tasks.open_(task, by=mei)
    offer = {
        "price_fen": 1_000_000,
        "plan": "两个场景，一镜到底，真实冲煮。",
        "delivery_on": (now() + timedelta(days=14)).date(),
    }
    with transaction():
        bid = bids.place(task.id, creator.party_id, offer, by=ada)
    with transaction():
        order = orders.award(task.id, bid.id, mei)
        into = Account(AccountKind.ESCROW_UNALLOCATED, order.id)
        leg = Leg(Account(AccountKind.STRIPE_CLEARING), into, order.price_fen)
        ledger.post(PostingKind.CHARGE, "charge:example", [leg], source=("order", order.id))
    with transaction():
        words = "手冲咖啡其实不难：水温、粉量、时间，记住三个数字就够了。" * 12
        feed.add(source_id=order.id, author_id=creator.party_id, title="周末手冲三个数字", body=words)
        orders.fund(order.id, SYSTEM)
        delivery.submit(order.id, Kind.SCRIPT, {"text": "开场三秒：热水注入，产品入画。" * 3}, lin)
    return key


def _keep_example(conninfo: str) -> None:
    """The rows of the example as they are now, to be copied from, and the people whom the copies belong to."""
    with psycopg.connect(conninfo) as connection:
        connection.execute("CREATE SCHEMA example")
        for table in COPIED:
            connection.execute(f"CREATE TABLE example.{table} AS TABLE public.{table}")
        for role, many in (("creator", CREATORS), ("agency", AGENCIES)):
            copies = sql.Identifier("example", f"{role}_copies")
            connection.execute(
                sql.SQL(
                    "CREATE TABLE {} AS SELECT n, uuidv7() AS id, uuidv7() AS person FROM generate_series(1, {}) n"
                ).format(copies, sql.Literal(many))
            )
            _copy(connection, "parties", copies, f"t.role = '{role}'", id="m.id", handle="t.handle || m.n")
            # Each with somebody who has a key: from tables of three rows the server would read every row.
            acts = {"id": "uuidv7()", "person_id": "m.person", "party_id": "m.id"}
            example = "t.person_id IN (SELECT person_id FROM example.api_keys)"
            whose = "t.id IN (SELECT person_id FROM example.api_keys)"
            _copy(connection, "people", copies, whose, id="m.person", email="m.n || t.email || m.person")
            _copy(connection, "memberships", copies, example, **acts)
            _copy(connection, "api_keys", copies, **acts, key_sha256="sha256(m.id::text::bytea)")


def add_submissions(conninfo: str, count: int) -> list[UUID]:
    """Copy the example order `count` times; the submissions that now wait."""
    with psycopg.connect(conninfo) as connection:
        connection.execute(
            f"""CREATE TEMP TABLE copies AS SELECT n, uuidv7() AS task, uuidv7() AS bid, uuidv7() AS ord,
                uuidv7() AS script, uuidv7() AS draft, uuidv7() AS published, uuidv7() AS submission,
                (SELECT id FROM example.creator_copies c WHERE c.n = s.n % {CREATORS} + 1) AS creator,
                (SELECT id FROM example.agency_copies a WHERE a.n = s.n % {AGENCIES} + 1) AS agency
            FROM generate_series(1, {count}) s (n)"""
        )
        copies = sql.Identifier("copies")
        bid = {"id": "m.bid", "task_id": "m.task", "creator_id": "m.creator", "agency_id": "m.agency"}
        submission = {"id": "m.submission", "order_id": "m.ord", "milestone_id": "m.script"}
        _copy(connection, "tasks", copies, id="m.task")
        _copy(connection, "bids", copies, **bid)
        _copy(connection, "orders", copies, **bid | {"id": "m.ord", "bid_id": "m.bid"})
        for stage in ("script", "draft", "published"):
            _copy(connection, "milestones", copies, f"t.kind = '{stage}'", id=f"m.{stage}", order_id="m.ord")
        _copy(connection, "submissions", copies, **submission)
        timers = "t.event_id IS NULL AND t.subject_id IN (SELECT id FROM example.submissions)"
        renamed = {"id": "uuidv7()", "key": "t.key || m.submission", "subject_id": "m.submission"}
        _copy(connection, "work_items", copies, timers, **renamed)
        _fund(connection)
        waiting = [row[0] for row in connection.execute("SELECT submission FROM copies")]
    vacuum(conninfo)
    return waiting


def add_shop_window(conninfo: str, tasks: int, posts: int) -> None:
    """Open briefs and published posts, by the copied creators, all followed by the example's merchant."""
    with psycopg.connect(conninfo) as connection:
        numbers = sql.SQL("(SELECT n, uuidv7() AS id FROM generate_series(1, {}) n)")
        _copy(connection, "tasks", numbers.format(tasks), id="m.id", state="'open'", title="t.title || m.n")
        authors = f"(SELECT id FROM example.creator_copies c WHERE c.n = m.n % {CREATORS} + 1)"
        one = {"id": "m.id", "source_id": "m.id", "author_id": authors, "title": "t.title || m.n"}
        _copy(connection, "posts", numbers.format(posts), **one)
        connection.execute(
            "INSERT INTO follows (follower_id, followed_id) SELECT p.id, c.id"
            " FROM example.parties p, example.creator_copies c WHERE p.role = 'merchant'"
        )
    vacuum(conninfo)


def _copy(
    connection: psycopg.Connection, table: str, by: sql.Composable, which: str = "true", /, **new: str
) -> None:
    """The example's rows of `table` for which `which` holds, once per row of `by`; `new` says what differs."""
    columns = [
        row[0]
        for row in connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
            " AND is_identity = 'NO' AND is_generated = 'NEVER'",
            [table],
        )
    ]
    taken = [new.get(column, f't."{column}"') for column in columns]
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} m, {} t WHERE {}").format(
            sql.Identifier("public", table),
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL(", ").join(map(sql.SQL, taken)),
            by,
            sql.Identifier("example", table),
            sql.SQL(which),
        )
    )


def _fund(connection: psycopg.Connection) -> None:
    """SC→EU once for all, EU→EM a thousand at a time."""
    nobody = "'00000000-0000-0000-0000-000000000000'::uuid"
    connection.execute(
        f"""CREATE TEMP TABLE parts AS
        SELECT row_number() OVER () AS n, m.id, m.amount_fen
        FROM milestones m JOIN copies c ON c.ord = m.order_id;
        SELECT ledger_post('charge', 'charge:' || uuidv7(), 'CNY', 'bench', uuidv7(), ARRAY['SC'], ARRAY[{nobody}],
            ARRAY['EU'], ARRAY[(SELECT id FROM parts WHERE n = 1)], ARRAY[(SELECT sum(amount_fen) FROM parts)::bigint]);
        SELECT count(ledger_post('award', 'award:' || uuidv7(), 'CNY', 'bench', uuidv7(),
            array_fill('EU'::text, ARRAY[many]), array_fill((SELECT id FROM parts WHERE n = 1), ARRAY[many]),
            array_fill('EM'::text, ARRAY[many]), ids, amounts))
        FROM (SELECT n / 1000 AS chunk, count(*)::int AS many, array_agg(id) AS ids, array_agg(amount_fen) AS amounts
            FROM parts GROUP BY n / 1000) chunks"""
    )
