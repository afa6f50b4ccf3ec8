"""Puts the parts together: the only module, with settings and cli, that knows everybody."""

import gc
import hashlib
import importlib
import json
import pkgutil
import secrets
import threading
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from flask import (
    Blueprint,
    Flask,
    Request,
    Response,
    abort,
    current_app,
    g,
    has_request_context,
    request,
    session,
)
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_babel import Babel
from flask_migrate import Migrate
from flask_smorest import Api
from flask_wtf.csrf import CSRFProtect
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import event, text
from werkzeug.middleware.proxy_fix import ProxyFix

import market
from market import developers
from market import settings as settings_module
from market.accounts import edge, vocabulary
from market.audience.buffer import buffer
from market.audience.door import Door
from market.creators import words as price_words
from market.kit import files, ids, logs, look, pages, templates, wire
from market.kit.api import add_etag, describe_refusals
from market.kit.catalogue import compile_catalogues
from market.kit.db import db, refuse_dead
from market.kit.limits import UNCOUNTED, limiter
from market.media import config as media_config
from market.payments import gateway
from market.problems import register_problems
from market.settings import ROOT, Settings

LOCALES = templates.LANGUAGES
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:{media}; "
    "media-src 'self' blob:{media}; worker-src 'self' blob:; connect-src 'self'{media}; object-src 'none'; base-uri 'none'; form-action 'self' {stripe}; "
    "frame-ancestors 'none'"
)
log = structlog.get_logger()
csrf = CSRFProtect()
migrate = Migrate()
babel = Babel()


def create_app(settings: Settings | None = None) -> Flask:
    gc.disable()  # nearly all that is made from here on stays, and looking for garbage is a fifth of the start
    try:
        return _put_together(settings)
    finally:
        gc.enable()


def _put_together(settings: Settings | None) -> Flask:
    logs.configure()
    settings = settings or settings_module.read()
    app = Flask("market", root_path=str(ROOT), template_folder="templates", static_folder=None)
    app.config.update(
        SETTINGS=settings,
        DEMO_SIGN_INS=list,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": settings.pool_size,
            "max_overflow": 4,
            "pool_timeout": 2,
            "connect_args": {"connect_timeout": 5, "application_name": "vtask"},
        },
        SESSION_COOKIE_NAME="__Host-vtask" if settings.production else "vtask",
        SESSION_COOKIE_SECURE=settings.production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,  # media answers carry no cookie
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=8 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1),
        RATELIMIT_STORAGE_URI=settings.redis_url.replace("unix://", "redis+unix://", 1),
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 1, "socket_timeout": 1},
        # Copies that share a Redis count apart.
        RATELIMIT_KEY_PREFIX=hashlib.sha256(settings.database_url.encode()).hexdigest()[:12],
        BABEL_DEFAULT_LOCALE="zh",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        API_TITLE="V-task Market API",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {
                "description": "Briefs, bids, orders, escrow, delivery, publication. Amounts are integers of fen."
            },
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
            "security": [{"bearer": []}],
            "servers": [{"url": "/"}],
        },
    )
    app.extensions["views"] = buffer(settings.redis_url, settings.database_url)
    app.wsgi_app = Door(  # type: ignore[method-assign]
        app.wsgi_app, secret=settings.secret_key, into=lambda: app.extensions["views"]
    )
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, *[settings.trusted_proxies] * 4)  # type: ignore[method-assign]
    app.session_interface = PageSessions()
    app.url_map.converters["pid"] = ids.PublicIdConverter
    db.init_app(app)
    with app.app_context():
        event.listen(db.engine, "checkout", refuse_dead)
        wire.attach(db.engine)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), compare_type=True)
    compile_catalogues(ROOT / "translations")
    app.jinja_environment = templates.Speaking
    babel.init_app(
        app, default_translation_directories=str(ROOT / "translations"), locale_selector=choose_locale
    )
    register_requests(app)  # first, so that what the others refuse has its request id too
    limiter.init_app(app)
    api = ProblemApi(app)
    describe_refusals(api)
    csrf.init_app(app)
    register_packages(app, api)
    app.register_blueprint(developers.bp)
    register_problems(app)
    register_words(app)
    register_machine_routes(app, settings)
    register_files(app)
    from market import cli

    cli.register(app)
    return app


class PageSessions(SecureCookieSessionInterface):
    """The cookie of the pages. Calls of the API ignore it, so they neither read nor send one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return self.session_class() if _is_call() else super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not _is_call():
            super().save_session(app, session, response)


def _is_call() -> bool:
    """Not `edge.is_api()`: the page about the API is one of the pages."""
    return request.path.startswith("/api/v1/")


class ProblemApi(Api):  # type: ignore[misc]
    """Leaves all errors to market.problems: smorest's own handler would answer HTML pages in JSON. Describes its
    routes when the description is first asked for, not while the process starts."""

    ERROR_SCHEMA = None
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        self._undescribed: list[Any] = []
        self._describing = threading.Lock()
        super().__init__(app)

    def _register_error_handlers(self) -> None:
        pass

    def add_routes(self, bp: Any) -> None:
        """What `register_blueprint` does, without the description."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][bp.name] = self
        self._app.register_blueprint(bp)
        self._undescribed.append(bp)

    def _openapi_json(self) -> Any:
        with self._describing:
            while self._undescribed:
                bp = self._undescribed[0]
                bp.register_views_in_doc(self, self._app, self.spec, name=bp.name, parameters=None)
                self.spec.tag({"name": bp.name, "description": bp.description})
                del self._undescribed[0]
        return super()._openapi_json()


def modules(name: str) -> list[Any]:
    """Every `market.<package>.<name>` there is, in the order of their names."""
    found = []
    for package in sorted(pkgutil.iter_modules(market.__path__), key=lambda each: each.name):
        if (
            package.ispkg
            and package.name != "kit"
            and (Path(market.__path__[0]) / package.name / f"{name}.py").exists()
        ):
            found.append(importlib.import_module(f"market.{package.name}.{name}"))
    return found


def register_packages(app: Flask, api: Api) -> None:
    api.register_converter(
        ids.PublicIdConverter,
        lambda converter: {"type": "string", "pattern": f"^{converter.prefix}_[1-9A-HJ-NP-Za-km-z]{{22}}$"},
    )
    modules("acts")  # each registers what needs a second operator
    modules("checks")  # each registers what must hold between it and the ledger
    for module in modules("routes"):
        limit_api(module.bp)
        api.add_routes(module.bp)
        csrf.exempt(module.bp)
    for module in modules("pages"):
        app.register_blueprint(module.bp)
    for module in modules("webhooks"):
        app.register_blueprint(module.bp)
        csrf.exempt(module.bp)


@cache  # the limiter is the process's, not the app's: a blueprint is limited once
def limit_api(bp: Blueprint) -> None:
    """So many calls a minute for each key."""

    def rate() -> str:
        return f"{current_app.config['SETTINGS'].api_per_minute} per minute"

    def uncounted() -> bool:
        return current_app.config["SETTINGS"].testing or request.endpoint in UNCOUNTED

    limiter.limit(rate, key_func=edge.who_calls, exempt_when=uncounted)(bp)


def choose_locale() -> str:
    """?lang, then the session, the account, the browser; by whitelist. Workers and commands speak the source."""
    if not has_request_context():
        return "zh"
    asked = request.args.get("lang")
    if asked in LOCALES and not edge.is_api():
        session["locale"] = asked
    if not edge.is_api() and session.get("locale") in LOCALES:
        return str(session["locale"])
    if not edge.is_api() and (person := edge.current_person()) and person.locale in LOCALES:
        return person.locale
    return request.accept_languages.best_match(LOCALES) or "zh"


def register_requests(app: Flask) -> None:
    """A request id on everything, secure headers, ETags on the API."""
    settings: Settings = app.config["SETTINGS"]
    # The hosted payment page is where our payment form's redirect ends.
    stripe = (
        settings.stripe_api_base
        if settings.stripe_api_base != "https://api.stripe.com"
        else "https://checkout.stripe.com"
    )
    media = "".join(f" {origin}" for origin in media_config.config().origins)
    policy = CSP.format(stripe=stripe + " https://connect.stripe.com", media=media)

    @app.before_request
    def be_quick() -> None:
        gateway.hurry()

    @app.teardown_request
    def be_patient(_failure: BaseException | None) -> None:
        gateway.take_your_time()

    @app.before_request
    def name_request() -> None:
        g.request_id = f"req_{secrets.token_hex(12)}"
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(self), microphone=(self), geolocation=()")
        headers["X-Request-Id"] = g.get("request_id", "")
        if settings.production:
            headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
        if response.mimetype == "text/html":
            headers.setdefault("Cache-Control", "no-store" if g.get("person") else "no-cache")
        return add_etag(response) if edge.is_api() else response


def register_words(app: Flask) -> None:
    """Filters and values every template may use."""
    look.teach(app)
    app.jinja_env.filters |= {
        "money": pages.format_fen,
        "when": pages.format_when,
        "percent": pages.format_percent,
        "pid": lambda key, prefix: ids.encode(prefix, key),
        "local_input": pages.local_input,
        "size": pages.words_of_size,
        "category": vocabulary.category_name,
        "format_name": vocabulary.format_name,
        "length_name": vocabulary.length_name,
        "piece_name": vocabulary.piece_name,
        "size_name": vocabulary.size_name,
        "asked": price_words.asked,
    }
    app.jinja_env.globals["new_key"] = lambda: secrets.token_urlsafe(18)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    counters = [module.unread for module in modules("queries") if hasattr(module, "unread")]

    @app.context_processor
    def ui() -> dict[str, Any]:
        from flask_babel import get_locale

        actor = edge.actor_or_none()
        return {
            "actor": actor,
            "person": edge.current_person(),
            "party": g.membership.party if g.get("membership") else None,
            "hats": [
                {
                    "role": m.party.role.value,
                    "party_id": m.party_id,
                    "name": m.party.name,
                    "url": edge.HOMES[m.party.role],
                }
                for m in edge.current_hats()
            ],
            "notice_count": sum(count(actor) for count in counters) if actor else 0,
            "locale": str(get_locale()),
            "demo": app.config["SETTINGS"].demo,
            "request_id": g.get("request_id", ""),
        }


def register_machine_routes(app: Flask, settings: Settings) -> None:
    @app.get("/healthz")
    @limiter.exempt
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    @limiter.exempt
    def readyz() -> tuple[dict[str, Any], int]:
        """Select 1, PING, migration head; 503 names the failing part."""
        failing = {}
        try:
            head = db.session.scalar(text("SELECT version_num FROM alembic_version"))
            if head != code_head():
                failing["migrations"] = f"database at {head}, code at {code_head()}"
        except Exception as wrong:
            failing["database"] = type(wrong).__name__
            log.warning("readyz.database", error=str(wrong))
        try:
            Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=1).ping()
        except (RedisError, OSError) as wrong:
            failing["redis"] = type(wrong).__name__
        return ({"status": "failing", "parts": failing}, 503) if failing else ({"status": "ready"}, 200)


@cache
def code_head() -> str | None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return ScriptDirectory.from_config(config).get_current_head()


def register_files(app: Flask) -> None:
    """Our static files; front-end libraries straight from node_modules, by the white list static/vendor.json."""
    libraries: dict[str, str] = json.loads((ROOT / "static" / "vendor.json").read_text())

    @app.get("/static/<path:filename>")
    @limiter.exempt
    def static(filename: str) -> Response:
        return files.send(ROOT / "static", filename, max_age=timedelta(hours=1))

    @app.get("/static/js.<build>/<path:name>")
    @limiter.exempt
    def scripts(build: str, name: str) -> Response:
        """Of this release for good; who still asks for another's is given ours, and asks again the next time."""
        ours = build == look.scripts_build()
        response = files.send(ROOT / "static" / "js", name, max_age=timedelta(days=365 if ours else 0))
        response.cache_control.immutable = ours
        return response

    @app.get("/static/vendor/<path:name>")
    @limiter.exempt
    def vendor(name: str) -> Response:
        if name not in libraries:
            abort(404)
        return files.send(ROOT / "node_modules", libraries[name], max_age=timedelta(days=30))
