"""One handler for every refusal and every fault: problem+json for the API, words on the page for people."""

import secrets
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, flash, g, jsonify, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from market.accounts import edge
from market.kit.db import db
from market.kit.errors import Invalid, NotFound, Refusal, TooMany, Unauthenticated, Unavailable, flatten
from market.kit.words import N_, say

log = structlog.get_logger()


class SessionExpired(Refusal):
    """The form's token is no longer valid; what was typed is still in the browser's history."""

    title = N_("页面已过期")
    text = N_("页面放置太久，登录状态或表单已过期。请返回上一页刷新后再提交，您填写的内容还在。")


class Broken(Refusal):
    status = 500
    title = N_("出错了")
    text = N_("我们这边出错了，已经记录。请稍后再试。")


class BadRequest(Refusal):
    """The request could not be parsed."""

    text = N_("这个请求无法读懂。")


class MethodNotAllowed(Refusal):
    """See the Allow header."""

    status = 405
    text = N_("这个地址不支持这种请求。")


class NotAcceptable(Refusal):
    status = 406
    text = N_("无法给出所要的格式。")


class RequestEntityTooLarge(Refusal):
    status = 413
    text = N_("提交的内容太大。")


class UnsupportedMediaType(Refusal):
    """Send JSON, with Content-Type: application/json."""

    status = 415
    text = N_("请提交 JSON，并带上 Content-Type: application/json。")


class RangeNotSatisfiable(Refusal):
    status = 416
    text = N_("请求的范围无效。")


STAYS = (SessionExpired.slug(), Unavailable.slug())
"""Said in place after a button: the page one came from would fail the same way, and what was typed is one step back."""

BY_STATUS: dict[int, type[Refusal]] = {
    kind.status: kind
    for kind in (
        BadRequest,
        MethodNotAllowed,
        NotAcceptable,
        NotFound,
        RequestEntityTooLarge,
        UnsupportedMediaType,
        RangeNotSatisfiable,
        TooMany,
        Unavailable,
    )
}
"""What werkzeug and the extensions raise, as our own refusals: each has a type with a page that explains it."""


def register_problems(app: Flask) -> None:
    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Any:
        db.session.rollback()
        return answer(
            refusal.status, refusal.slug(), refusal.title, refusal.detail(), refusal.errors(), refusal.headers
        )

    @app.errorhandler(CSRFError)
    def expired(error: CSRFError) -> Any:
        return refused(SessionExpired())

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Any:
        status = error.code or 500
        if status < 400 and error.response is not None:
            return error.response
        if status == 422 and hasattr(error, "data"):
            messages = error.data.get("messages", {})
            located = {"" if place in ("json", "form") else place: below for place, below in messages.items()}
            flat: dict[str, list[str]] = {}
            for place, below in located.items():
                for name, texts in flatten(below).items():
                    flat.setdefault(name or place, []).extend(texts)
            return refused(Invalid(flat))
        kind = BY_STATUS.get(status, Broken if status >= 500 else Refusal)
        return _with_headers(refused(kind()), error)

    @app.errorhandler(DBAPIError)
    @app.errorhandler(PoolTimeout)
    def database(error: Exception) -> Any:
        """A database that is away is 503; what it refused is a fault of ours."""
        down = isinstance(error, OperationalError | InterfaceError | PoolTimeout) or (
            isinstance(error, DBAPIError) and error.connection_invalidated
        )
        if isinstance(getattr(error, "orig", None), pg.UntranslatableCharacter | pg.DataError):
            return refused(Invalid())
        if not down:
            return broken(error)
        log.error("database.away", error=str(error))
        edge.forget()
        return refused(Unavailable())

    @app.errorhandler(Exception)
    def broken(error: Exception) -> Any:
        if app.testing or app.debug:
            log.exception("request.failed", path=request.path)
            if app.config.get("PROPAGATE_EXCEPTIONS"):
                raise error
        else:
            log.exception("request.failed", path=request.path)
        return refused(Broken())


def answer(
    status: int, slug: str, title: str, detail: str, errors: dict[str, list[str]], headers: dict[str, str]
) -> Any:
    response = (
        _problem(status, slug, title, detail, errors)
        if edge.is_api()
        else _page(status, slug, title, detail, errors)
    )
    for name, value in headers.items():
        response.headers[name] = value
    return response


def _problem(status: int, slug: str, title: str, detail: str, errors: dict[str, list[str]]) -> Response:
    body = {
        "type": url_for("developers.problem", slug=slug, _external=False),
        "title": say(title),
        "status": status,
        "detail": detail,
        "instance": g.get("request_id") or f"req_{secrets.token_hex(12)}",
    }
    if errors:
        body["errors"] = [
            {"pointer": "/" + name.replace(".", "/") if name else "", "detail": text}
            for name, texts in errors.items()
            for text in texts
        ]
    response = jsonify(body)
    response.status_code = status
    response.mimetype = "application/problem+json"
    response.headers["Content-Language"] = str(_locale())
    return response


def _page(status: int, slug: str, title: str, detail: str, errors: dict[str, list[str]]) -> Response:
    """After a button: back to where the person was, with the sentence. Else a page with one way on."""
    if status == Unauthenticated.status:
        return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), 303)  # type: ignore[return-value]
    told = "\n".join(text for texts in errors.values() for text in texts) or detail
    fragment = "HX-Request" in request.headers
    if (
        request.method == "POST"
        and status in (400, 403, 409, 422, 503)
        and not fragment
        and slug not in STAYS
    ):
        back = urlsplit(request.referrer or "")
        if back.netloc == request.host and back.path != request.path:
            flash(told, "danger")
            return redirect(back.path + (f"?{back.query}" if back.query else ""), 303)  # type: ignore[return-value]
    page = render_template(
        "errors/problem.html", status=status, slug=slug, title=say(title), detail=told, fragment=fragment
    )
    return Response(page, status=status, mimetype="text/html")


def _locale() -> Any:
    from flask_babel import get_locale

    return get_locale()


def _with_headers(response: Any, error: HTTPException) -> Any:
    """Keep Allow and Retry-After, which werkzeug and the limiter put on the error."""
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After", "Content-Range"):
            response.headers[name] = value
    return response
