"""The pages people open most, by a merchant and by a stranger, against a bare Flask page on the same kind of server."""

from bench.rounds import Result, take_turns
from bench.server import CLIENTS
from bench.web import granian, pages_per_second
from bench.world import World, add_shop_window, world

TASKS, POSTS = 500, 500
PAGES = {"page_tasks": "/tasks", "page_feed": "/feed", "page_desk": "/m", "page_order": "/orders/{order}"}
STRANGERS = {"page_tasks_stranger": "/tasks", "page_feed_stranger": "/feed"}


def run(rounds: int) -> list[Result]:
    with world() as market:
        add_shop_window(market.conninfo, TASKS, POSTS)
        cookie, order = sign_in(market)
        with (
            granian("bench.bare:app", "/") as bare,
            granian("wsgi:app", "/healthz", DATABASE_URL=market.url) as product,
        ):
            return take_turns(
                lambda: pages_per_second(bare, "/"),
                {name: asker(product, path.format(order=order), cookie) for name, path in PAGES.items()}
                | {name: asker(product, path, "") for name, path in STRANGERS.items()},
                rounds=rounds,
                reference="a bare Flask page under granian",
                unit="pages/s",
                clients=CLIENTS,
                tasks=TASKS,
                posts=POSTS,
            )


def asker(port: int, path: str, cookie: str):  # type: ignore[no-untyped-def]
    return lambda: pages_per_second(port, path, cookie)


def sign_in(market: World) -> tuple[str, str]:
    """The session cookie of the merchant, who follows everybody, and the public id of the order they wait for."""
    from sqlalchemy import select

    from market.accounts import service
    from market.accounts.actor import Role
    from market.accounts.models import Membership, Party
    from market.kit.db import db, transaction
    from market.kit.ids import encode
    from market.orders.models import Order

    with market.app.test_request_context():
        with transaction():
            merchant = db.session.scalars(
                select(Membership).join(Party).where(Party.role == Role.MERCHANT)
            ).one()
            token = service.sign_in(merchant.person)
            party = merchant.party_id.hex
            order = encode("ord", db.session.scalars(select(Order.id)).one())
        db.session.remove()
        db.engine.dispose()
        interface = market.app.session_interface
        serializer = interface.get_signing_serializer(market.app)  # type: ignore[attr-defined]
        signed = serializer.dumps({"sign_in": token, "party": party, "_permanent": True})
    return f"{market.app.config['SESSION_COOKIE_NAME']}={signed}", order
