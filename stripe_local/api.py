"""The road of a /v1 request: who asks, which operation, seen before?, valid?, do it, answer in Stripe's envelope."""

import base64
import binascii
import json
import logging
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Request, Response, current_app, request
from werkzeug.datastructures import Headers

from stripe_local import faults, idempotency, router, validation
from stripe_local.asked import Asked
from stripe_local.engine import Engine
from stripe_local.errors import Json, StripeError
from stripe_local.idempotency import Answer
from stripe_local.ids import new_id
from stripe_local.objects import files
from stripe_local.objects.files import Upload
from stripe_local.render import expanded, rendered
from stripe_local.sdk import API_VERSION
from stripe_local.store import dump
from stripe_local.traffic import UNKNOWN

log = logging.getLogger("stripe_local.api")
bp = Blueprint("api", __name__)


@dataclass(frozen=True)
class _Call:
    """What a request says, before it is believed."""

    verb: str
    path: str
    form: Json
    account: str
    key: str
    request_id: str

    @property
    def fingerprint(self) -> str:
        return json.dumps(self.form, sort_keys=True, ensure_ascii=False, default=str)


@bp.route("/v1/<path:_path>", methods=["GET", "POST", "DELETE"])
def v1(_path: str) -> Response:
    engine: Engine = current_app.extensions["engine"]
    request_id = new_id("req_")
    headers = {"Stripe-Version": API_VERSION}
    fault: Json | None = None
    try:
        call = _read(engine, request, request_id)
        if call.account != engine.platform:
            headers["Stripe-Account"] = call.account
        if call.key and call.verb == "post":
            headers["Idempotency-Key"] = call.key
        fault = _take_fault(engine, call)
        if fault is not None:
            time.sleep(fault["delay_s"])
        if fault is not None and not fault["after_commit"]:
            answer = _failed(engine, call, fault)
        else:
            answer = _answer(engine, call)
    except StripeError as error:
        answer = Answer(error.status, _envelope(error, request_id), request_id)
    if fault is not None and (fault["after_commit"] or fault["status"] == 0):
        return _hang_up(request)
    if answer.request_id != request_id:
        headers |= {"Idempotent-Replayed": "true", "Original-Request": answer.request_id}
    return Response(
        answer.body,
        answer.status,
        Headers({"Request-Id": request_id, **headers}),
        mimetype="application/json",
    )


@bp.get("/v1/files/<file_id>/contents")
def contents(file_id: str) -> Response:
    """The bytes of a file; at Stripe this is on the host files.stripe.com, with the same key."""
    engine: Engine = current_app.extensions["engine"]
    request_id = new_id("req_")
    try:
        _require_key(engine.settings.api_key, request)
        with engine.world(_account(engine, request)) as w:
            file = w.get("file", file_id)
            return Response(files.bytes_of(w, file), mimetype=files.MIME[file["type"]])
    except StripeError as error:
        return Response(_envelope(error, request_id), error.status, mimetype="application/json")


def _read(engine: Engine, req: Request, request_id: str) -> _Call:
    _require_key(engine.settings.api_key, req)
    version = req.headers.get("Stripe-Version", API_VERSION)
    if version != API_VERSION:
        raise StripeError(
            f"Invalid Stripe API version: {version}. The local Stripe speaks {API_VERSION} only."
        )
    key = req.headers.get("Idempotency-Key", "")
    idempotency.require_valid(key)
    verb = req.method.lower()
    return _Call(verb, req.path, _form(verb, req), _account(engine, req), key, request_id)


def _form(verb: str, req: Request) -> Json:
    if verb == "get":
        return validation.parse_form(req.query_string.decode("utf-8", "replace"))
    if req.mimetype != "multipart/form-data":
        return validation.parse_form(req.get_data(as_text=True))
    uploads = [(name, Upload(each.filename or "", each.read())) for name, each in req.files.items(multi=True)]
    return validation.nested([*req.form.items(multi=True), *uploads])


def _require_key(expected: str, req: Request) -> None:
    scheme, _, rest = req.headers.get("Authorization", "").partition(" ")
    given = rest.strip()
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            given = ""
    if not given:
        raise StripeError(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
            status=401,
        )
    if given != expected:
        hidden = (
            given[:8] + "*" * max(0, len(given) - 12) + given[-4:] if len(given) > 12 else "*" * len(given)
        )
        raise StripeError(f"Invalid API Key provided: {hidden}", status=401)


def _account(engine: Engine, req: Request) -> str:
    account = req.headers.get("Stripe-Account", "") or engine.platform
    if account == engine.platform:
        return account
    with engine.store.transaction():
        known = engine.store.row("SELECT 1 FROM objects WHERE id = ? AND kind = 'account'", account)
    if known is None:
        raise StripeError(
            f"The provided key does not have access to account '{account}' (or that account does not exist). "
            "Application access may have been revoked.",
            status=403,
            code="account_invalid",
        )
    return account


def _take_fault(engine: Engine, call: _Call) -> Json | None:
    with engine.store.transaction():
        return faults.take(
            engine.store,
            "api",
            lambda spec: (
                call.path.startswith(spec["path_prefix"]) and spec["method"].lower() in ("", call.verb)
            ),
        )


def _failed(engine: Engine, call: _Call, fault: Json) -> Answer:
    """The ordered failure, with nothing done; kept under the key only when the order says `store`."""
    error = StripeError(
        "An unknown error occurred"
        if fault["status"] >= 500
        else "The local Stripe was told to refuse this call",
        status=fault["status"] or 500,
        type="api_error" if fault["status"] >= 500 or not fault["status"] else "invalid_request_error",
        code=fault["code"] or ("rate_limit" if fault["status"] == 429 else None),
    )
    answer = Answer(error.status, _envelope(error, call.request_id), call.request_id)
    if fault["store"] and call.key and call.verb == "post":
        with engine.world(call.account) as w:
            idempotency.remember(
                engine.store, call.account, call.key, call.path, call.fingerprint, answer, w.now
            )
    return answer


def _answer(engine: Engine, call: _Call) -> Answer:
    route = router.resolve(call.verb, call.path)
    if not call.key or call.verb != "post":
        return _execute(engine, call, route, _checked(engine, call, route))
    engine.in_flight.enter(call.account, call.key)
    try:
        with engine.store.transaction():
            known = idempotency.recall(engine.store, call.account, call.key, call.path, call.fingerprint)
        if known is not None:
            return known
        return _execute(engine, call, route, _checked(engine, call, route))
    finally:
        engine.in_flight.leave(call.account, call.key)


def _checked(engine: Engine, call: _Call, route: router.Route) -> Json:
    """The parameters, read by the types of the pinned version; what was asked is counted, whatever comes of it."""
    operation = f"{call.verb.upper()} {route.operation.template}"
    engine.traffic.note(operation)
    try:
        return validation.check(call.form, route.operation.params_type())
    except StripeError as error:
        if error.body.get("code") in UNKNOWN:
            engine.traffic.refuse(operation, str(error.body.get("param")))
        raise


def _execute(engine: Engine, call: _Call, route: router.Route, params: Json) -> Answer:
    """Do the work and keep the answer in the same transaction."""
    try:
        with engine.world(call.account, call.request_id, call.key or None) as w:
            status, body = 200, ""
            refusal: StripeError | None = None
            try:
                with engine.store.savepoint():
                    try:
                        asked = Asked(params)
                        result = expanded(w, route.call(w, asked), asked.get("expand", []))
                        body = dump(rendered(result))
                        asked.refuse_unread()
                    except StripeError as error:
                        if not error.keep:
                            raise
                        refusal = error
            except StripeError as error:
                refusal = error
            if refusal is not None:
                status, body = refusal.status, _envelope(refusal, call.request_id)
            answer = Answer(status, body, call.request_id)
            if call.key and call.verb == "post":
                idempotency.remember(
                    engine.store, call.account, call.key, call.path, call.fingerprint, answer, w.now
                )
            return answer
    except StripeError:
        raise
    except Exception:
        log.exception("%s %s failed; nothing was changed", call.verb.upper(), call.path)
        bug = StripeError("The local Stripe has a bug; its log says where.", status=500, type="api_error")
        return Answer(500, _envelope(bug, call.request_id), call.request_id)


def _envelope(error: StripeError, request_id: str) -> str:
    body: Mapping[str, Any] = {
        **error.body,
        "request_log_url": f"https://dashboard.stripe.com/test/logs/{request_id}",
    }
    return dump({"error": rendered(body)})


def _hang_up(req: Request) -> Response:
    """Close the connection without an answer: the caller cannot know whether the work was done."""
    connection = req.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)
