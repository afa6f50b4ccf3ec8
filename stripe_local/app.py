"""The web application: the API, the hosted pages and the control API on one engine."""

from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from jinja2 import StrictUndefined

from stripe_local import api, control, objects, pages
from stripe_local.engine import Engine

_FOLDER = Path(__file__).parent
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def create_app(engine: Engine) -> Flask:
    objects.load()
    app = Flask(
        "stripe_local", template_folder=str(_FOLDER / "templates"), static_folder=str(_FOLDER / "static")
    )
    app.config["MAX_CONTENT_LENGTH"] = 18 << 20  # the largest file and its form
    app.jinja_env.undefined = StrictUndefined
    app.extensions["engine"] = engine
    app.register_blueprint(api.bp)
    app.register_blueprint(control.bp)
    for blueprint in pages.blueprints():
        app.register_blueprint(blueprint)
    allowed = _LOOPBACK | {urlsplit(engine.settings.public_url).hostname or "localhost"}

    @app.get("/favicon.ico")
    def favicon() -> Response:
        return app.send_static_file("icon.svg")

    @app.before_request
    def refuse_foreign_hosts() -> None:
        """A page of the open web must not reach the sandbox through a name that resolves to loopback."""
        if urlsplit(f"//{request.host}").hostname not in allowed:
            abort(421)

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        return response

    return app
