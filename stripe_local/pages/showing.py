"""How every hosted page goes out: its template, its words, and a policy that lets nothing foreign in."""

import re
from urllib.parse import urlsplit

from flask import Response, current_app, make_response, redirect, render_template

from stripe_local.engine import Engine
from stripe_local.pages.words import Words

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?")


def the_engine() -> Engine:
    engine: Engine = current_app.extensions["engine"]
    return engine


def show(
    template: str, words: Words, status: int = 200, leads_to: tuple[str | None, ...] = (), **values: object
) -> Response:
    """`leads_to`: addresses that the page's form may redirect to; browsers hold form-action against redirects too."""
    engine = the_engine()
    page = render_template(
        template,
        t=words,
        lang=words.lang,
        money=words.money,
        business=engine.settings.business_name,
        **values,
    )
    response = make_response(page, status)
    targets = " ".join(sorted({"'self'", *(_origin(url) for url in leads_to if url)}))
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; "
        f"form-action {targets}; frame-ancestors 'none'"
    )
    response.headers["X-Frame-Options"] = "DENY"
    return response


def onward(url: str) -> Response:
    answer = make_response(redirect(url, 303))
    answer.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return answer


def notice(words: Words, name: str, url: str | None, status: int = 200) -> Response:
    """A page that only says something: done, expired, lost, left."""
    title, text = words(f"{name}_title"), words(f"{name}_text")
    return show("notice.html", words, status, name=name, title=title, text=text, url=url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and _HOST.fullmatch(parts.netloc):
        return f"{parts.scheme}://{parts.netloc}"
    return "'self'"
