"""The ground every test stands on: a database of its own, the app, and the cast.

Mei is a merchant, Lin a creator who wins, Bo a creator who is an outsider, Ada an agency, Wen a viewer, Zhou the
platform's operator. PostgreSQL, Redis and the Stripe protocol are real; nothing of ours is mocked.
"""

import gc
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url
from xdist.scheduler.loadfile import LoadFileScheduling

from stripe_local.sdk import API_VERSION
from tests import tables
from tests.browser import chromium  # noqa: F401  # a fixture for every folder

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the long forms too")


def pytest_configure(config: pytest.Config) -> None:
    """Of several processes (`-n 2`) each has its database, its Redis database and its local Stripe."""
    worker = getattr(config, "workerinput", None)
    if worker is not None and "REDIS_URL" in os.environ:
        number = int(worker["workerid"].removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = with_redis_database(os.environ["REDIS_URL"], number)
        os.environ.pop("STRIPE_API_BASE", None)


LONGEST = ("journey", "chaos", "taopai/test_capture", "vtask", "house", "api", "taopai", "ledger")
"""What to begin with, so that no process is left with one of them at the end; what waits beside what computes."""


class FilesTogether(LoadFileScheduling):
    """A file stays in one process; all journeys do, for they share one running copy."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "journey" if Path(file).parent.name == "journey" else file


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesTogether:
    return FilesTogether(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(
            key=lambda item: next((n for n, long in enumerate(LONGEST) if _is_in(item, long)), len(LONGEST))
        )


def _is_in(item: pytest.Item, where: str) -> bool:
    return f"/tests/{where}" in item.path.as_posix()


def with_redis_database(url: str, number: int) -> str:
    """The same server, another of its databases: `?db=` of a socket, the path of an address."""
    if url.startswith("unix:"):
        return f"{url.partition('?')[0]}?db={number}"
    return urlsplit(url)._replace(path=f"/{number}").geturl()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What the product said to Stripe in this run."""
    from tests.sandbox import SAID

    if SAID.operations:
        terminalreporter.write_line(
            f"Stripe was asked {SAID.operations.total()} times, {len(SAID.operations)} different operations, "
            f"{len(SAID.unknown)} with a parameter that {API_VERSION} does not know"
        )


def admin_url() -> str:
    """Of the role that may make databases and tables; what is tested runs as the one of DATABASE_URL."""
    url = os.environ.get("VTASK_OWNER_DATABASE_URL") or os.environ["DATABASE_URL"]
    return url.replace("+psycopg", "")


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A database made for this run and dropped after it."""
    name = f"vt_{os.getpid()}_{secrets.token_hex(3)}"
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    yield make_url(os.environ["DATABASE_URL"]).set(database=name).render_as_string(hide_password=False)
    with psycopg.connect(admin_url(), autocommit=True) as admin:
        patience = time.monotonic() + 30
        while True:
            try:
                admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
                break
            except (
                psycopg.errors.InsufficientPrivilege
            ):  # autovacuum is in it, which only a superuser may end
                if time.monotonic() > patience:
                    raise
                time.sleep(0.2)


class Client(FlaskClient):
    """A client whose every request has an app context of its own, also inside a test that holds one (`ctx`)."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        with self.application.app_context():
            return super().open(*args, **kwargs)


@pytest.fixture(scope="session")
def app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    os.environ["VTASK_MEDIA_DIR"] = str(tmp_path_factory.mktemp("media"))
    os.environ["VTASK_TEST"] = "1"
    os.environ.setdefault("STRIPE_API_KEY", "sk_test_suite")
    os.environ.setdefault("STRIPE_WEBHOOK_SECRET", "whsec_suite")
    os.environ["DATABASE_URL_TEST"] = database_url
    from market import settings
    from market.app import create_app

    here = settings.read()
    owner_url = make_url(admin_url()).set(database=make_url(database_url).database)
    app = create_app(
        replace(
            here,
            database_url=database_url,
            owner_database_url=owner_url.render_as_string(hide_password=False),
        )
    )
    app.testing = True
    app.test_client_class = Client
    with app.app_context():
        build_schema()
    gc.collect()
    gc.freeze()  # as the web does
    yield app
    with app.app_context():
        from market.kit.db import db

        db.engine.dispose()


def build_schema() -> None:
    """The schema as production gets it: by the migrations."""
    from flask_migrate import upgrade

    upgrade(directory=str(ROOT / "migrations"))


@pytest.fixture(autouse=True)
def clean(request: pytest.FixtureRequest) -> Iterator[None]:
    if "app" not in request.fixturenames:
        yield
        return
    app: Flask = request.getfixturevalue("app")
    yield
    from market.kit import clock
    from market.kit.db import db
    from market.kit.limits import limiter

    clock.shift(timedelta())
    with app.app_context():
        db.session.remove()
        tables.empty()
        limiter.reset()


@pytest.fixture
def ctx(app: Flask) -> Iterator[None]:
    """An application context, for tests that call services directly."""
    from market.kit.db import db

    with app.app_context():
        yield
        db.session.remove()


@dataclass
class Player:
    """One of the cast: signs in, calls the API, opens pages."""

    app: Flask
    name: str
    email: str
    person_id: UUID
    party_id: UUID
    key: str

    @property
    def actor(self) -> Any:
        from market.accounts.models import Membership
        from market.kit.db import db

        with self.app.app_context():
            return (
                db.session.query(Membership)
                .filter_by(person_id=self.person_id, party_id=self.party_id)
                .one()
                .actor()
            )

    def api(self, method: str, path: str, **kwargs: Any) -> Any:
        """A call of /api/v1 with this person's key."""
        headers = {"Authorization": f"Bearer {self.key}", **kwargs.pop("headers", {})}
        return self.app.test_client().open("/api/v1" + path, method=method, headers=headers, **kwargs)

    def browser(self) -> FlaskClient:
        """A client that is signed in by cookie (CSRF off only where the test app says so)."""
        client = self.app.test_client()
        page = client.get("/login")
        assert page.status_code == 200, page.text
        token = csrf_token(page.text)
        answer = client.post("/login", data={"email": self.email, "password": PASSWORD, "csrf_token": token})
        assert answer.status_code == 303, answer.text
        return client


PASSWORD = "correct horse battery"


def csrf_token(page: str) -> str:
    """The token in a page's form or meta tag."""
    import re

    found = re.search(r'name="csrf[_-]token"[^>]*(?:value|content)="([^"]+)"', page)
    assert found, "no CSRF token on the page"
    return found.group(1)


def submit(client: FlaskClient, page: str, action: str | None = None, **fields: Any) -> Any:
    """Open `page`, then post `fields` with its CSRF token to `action` (the same address by default)."""
    token = csrf_token(client.get(page).text)
    return client.post(
        action or page, data={"csrf_token": token, **fields}, headers={"Referer": f"http://localhost{page}"}
    )


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The cast's password as sign-up keeps it, but cheap: the figures stand in the hash."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture(scope="session")
def first_cast(app: Flask, password_hash: str) -> tuple[dict[str, Player], tables.Rows]:
    """Everybody as the services make them, once a run; each test has the same rows under keys of its own."""
    from market.accounts import service
    from market.accounts.actor import Role
    from market.accounts.models import Verification
    from market.kit.db import transaction

    roles = {
        "mei": Role.MERCHANT,
        "lin": Role.CREATOR,
        "bo": Role.CREATOR,
        "ada": Role.AGENCY,
        "wen": Role.VIEWER,
        "zhou": Role.OPERATOR,
    }
    players = {}
    with app.app_context():
        for name, role in roles.items():
            email = f"{name}@example.com"
            with transaction():
                membership = service.admit(
                    email=email, password_hash=password_hash, name=name.title(), role=role
                )
                membership.party.verification = Verification.VERIFIED
                _key, secret = service.make_key(membership.person_id, membership.party_id, label="tests")
            players[name] = Player(app, name, email, membership.person_id, membership.party_id, secret)
        rows = tables.Rows()
        tables.empty()
    return players, rows


@pytest.fixture
def cast(app: Flask, first_cast: tuple[dict[str, Player], tables.Rows]) -> dict[str, Player]:
    """Everybody, verified."""
    players, rows = first_cast
    with app.app_context():
        now = rows.put()
    return {
        name: replace(player, person_id=now(player.person_id), party_id=now(player.party_id))
        for name, player in players.items()
    }


@pytest.fixture
def mei(cast: dict[str, Player]) -> Player:
    return cast["mei"]


@pytest.fixture
def lin(cast: dict[str, Player]) -> Player:
    return cast["lin"]


@pytest.fixture
def bo(cast: dict[str, Player]) -> Player:
    return cast["bo"]


@pytest.fixture
def ada(cast: dict[str, Player]) -> Player:
    return cast["ada"]


@pytest.fixture
def wen(cast: dict[str, Player]) -> Player:
    return cast["wen"]


@pytest.fixture
def zhou(cast: dict[str, Player]) -> Player:
    return cast["zhou"]


@pytest.fixture
def qian(app: Flask, cast: dict[str, Player]) -> Player:
    """A second operator: the other pair of eyes."""
    from market.accounts import service
    from market.accounts.actor import Role
    from market.kit.db import transaction

    with app.app_context(), transaction():
        membership = service.sign_up(
            email="qian@example.com", password=PASSWORD, name="Qian", role=Role.OPERATOR
        )
        _key, secret = service.make_key(membership.person_id, membership.party_id, label="tests")
        return Player(app, "qian", "qian@example.com", membership.person_id, membership.party_id, secret)


def drain_all() -> int:
    """Relay and do everything that is due, until nothing is left: what the workers would do."""
    from workers.drain import drain
    from workers.relay import relay

    done = 0
    while True:
        relayed, worked = relay(), drain()
        done += worked
        if not relayed and not worked:
            return done
