"""The pages of others, as the sandbox plays them: the bank's 3-D Secure, Alipay, WeChat Pay."""

from flask import Blueprint, Response, abort, request

from stripe_local import paying
from stripe_local.errors import Json
from stripe_local.objects import checkout
from stripe_local.pages.showing import notice, onward, show, the_engine
from stripe_local.pages.words import Words, reader
from stripe_local.qr import data_url

bp = Blueprint("redirects", __name__, url_prefix="/pay")


@bp.get("/<any(card, alipay, wechat_pay):type>/<intent_id>")
def read(type: str, intent_id: str) -> Response:
    intent, session = _find(intent_id)
    words = _words(session)
    if intent is None:
        return notice(words, "lost", None, 404)
    if intent["status"] != "requires_action":
        return _over(words, intent, session)
    return show(
        "redirect.html",
        words,
        leads_to=(session["success_url"], session["cancel_url"]) if session else (intent["_return_url"],),
        type=type,
        intent=intent,
        qr=data_url(intent_id) if type == "wechat_pay" else None,
    )


@bp.post("/<any(card, alipay, wechat_pay):type>/<intent_id>")
def answer(type: str, intent_id: str) -> Response:
    intent, session = _find(intent_id)
    words = _words(session)
    given = request.form.get("answer")
    if intent is None:
        return notice(words, "lost", None, 404)
    if given not in ("yes", "no", "leave"):
        abort(400)
    if given == "leave" and intent["status"] == "requires_action":
        if session is not None:
            return onward(f"{the_engine().base_url}/c/pay/{session['id']}")
        return notice(words, "left", intent["_return_url"])
    result = paying.answer_challenge(the_engine(), intent_id, ok=given == "yes")
    if result.url:
        return onward(result.url)
    return _over(words, *_find(intent_id))


def _find(intent_id: str) -> tuple[Json | None, Json | None]:
    with the_engine().world() as w:
        intent = w.find("payment_intent", intent_id)
        session = w.find("checkout.session", intent["_session"]) if intent and intent["_session"] else None
    return intent, session


def _words(session: Json | None) -> Words:
    return reader(request, session["locale"] if session else None)


def _over(words: Words, intent: Json | None, session: Json | None) -> Response:
    if intent is not None and intent["status"] in ("succeeded", "requires_capture"):
        return notice(words, "done", checkout.success_url(session) if session else intent["_return_url"])
    if session is not None and session["status"] == "open":
        return onward(f"{the_engine().base_url}/c/pay/{session['id']}")
    return notice(words, "expired", session["cancel_url"] if session else None)
