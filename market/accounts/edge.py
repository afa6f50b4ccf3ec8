"""Who is asking: the only place that reads the session cookie or the Authorization header."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit
from uuid import UUID

from flask import Blueprint, g, redirect, request, session, url_for

from market.accounts import service
from market.accounts.actor import Actor, Role
from market.accounts.models import Membership, Person
from market.accounts.queries import membership, who_holds_key, who_signed_in
from market.kit.errors import Forbidden, Unauthenticated
from market.kit.wire import Question, ask

View = TypeVar("View", bound=Callable[..., Any])

HOMES = {
    Role.MERCHANT: "/m",
    Role.CREATOR: "/u",
    Role.AGENCY: "/a",
    Role.OPERATOR: "/ops",
    Role.VIEWER: "/feed",
}
"""The URL prefix says whose hat it is; a viewer's home is the feed."""


def is_api() -> bool:
    return request.path.startswith("/api/")


def who_calls() -> str:
    """What calls of the API are counted by: the key's hash, or the address of who has none."""
    given = request.headers.get("Authorization", "")
    return service.sha256(given).hex()[:24] if given else request.remote_addr or ""


def current_person() -> Person | None:
    """The person signed in by cookie (pages), or behind the API key."""
    _load()
    _load_hat()
    return cast(Person | None, g.person)


def current_hats() -> Sequence[Membership]:
    _load()
    _load_hat()
    return cast(Sequence[Membership], g.hats)


def current_actor() -> Actor:
    """The actor of this request. Raises Unauthenticated when nobody is signed in."""
    actor = actor_or_none()
    if actor is None:
        raise Unauthenticated
    return actor


def actor_or_none() -> Actor | None:
    _load()
    return cast(Actor | None, g.actor)


def ask_as_actor(*questions: Question, **values: Any) -> list[list[tuple[Any, ...]]]:
    """The rows of these questions, which take `party_or_key_holder()`; of a call that nobody has looked at yet, in the
    round trip that finds out who it is. Raises Unauthenticated."""
    secret = api_secret() if is_api() and not g.get("identified") else None
    if secret is None:
        whose = values | {"party_id": current_actor().party_id, "key_sha256": None}
        return ask(*((question, whose) for question in questions))
    forget()
    whose = values | {"party_id": None, "key_sha256": service.sha256(secret)}
    found = _load_from_key(secret, *((question, whose) for question in questions))
    current_actor()
    return found


def require(allowed: bool) -> None:
    """Raise Forbidden unless a policy said yes."""
    if not allowed:
        raise Forbidden


def signed_in(view: View) -> View:
    """Pages for anybody who is signed in; others are sent to sign in and come back."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if current_person() is None:
            return redirect(url_for("accounts.sign_in", next=_way_back()))
        return view(*args, **kwargs)

    return cast(View, guarded)


def hat(role: Role) -> Callable[[View], View]:
    """Pages under a role's prefix: wearing that hat, or 403 with the offer to take it."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if current_person() is None:
                return redirect(url_for("accounts.sign_in", next=_way_back()))
            require(wear(role))
            return view(*args, **kwargs)

        return cast(View, guarded)

    return decorate


def under_hats(bp: Blueprint, *roles: Role) -> Callable[..., Callable[[View], View]]:
    """Decorates pages that stand under the homes of several roles, each behind its own hat: `/tasks` as `/u/tasks`, its
    endpoint as `u_…`."""

    def route(rule: str, endpoint: str, **options: Any) -> Callable[[View], View]:
        def decorate(view: View) -> View:
            for role in roles:
                home = HOMES[role]
                bp.route(home + rule, endpoint=f"{home[1:]}_{endpoint}", **options)(hat(role)(view))
            return view

        return decorate

    return route


def wear(role: Role) -> bool:
    """Put on the hat of `role` for this request and the next ones; False when the person has none."""
    for held in current_hats():
        if held.party.role is role:
            g.actor = held.actor()
            g.membership = held
            if session.get("party") != held.party_id.hex:  # else every page would send the cookie anew
                session["party"] = held.party_id.hex
            return True
    return False


def wear_any(party_ids: Sequence[UUID | None]) -> None:
    """On a shared page (an order): put on the first hat that is one of its parties, if the present one is not."""
    actor = actor_or_none()
    if is_api() or actor is None or actor.is_party(*party_ids) or actor.is_operator:
        return
    for held in current_hats():
        if held.party_id in party_ids:
            wear(held.party.role)
            return


def start_session(token: str, actor: Actor) -> None:
    """After a sign-in: a new session, nothing carried over but the language."""
    locale = session.get("locale")
    session.clear()
    session["sign_in"] = token
    session.permanent = True
    if locale:
        session["locale"] = locale
    if actor.party_id:
        session["party"] = actor.party_id.hex
    g.pop("identified", None)


def end_session() -> None:
    token = session.get("sign_in")
    if token:
        service.sign_out(token)
    session.clear()
    g.pop("identified", None)


def forget() -> None:
    """Go on as nobody: the database is away, and the page that says so must not ask it who is reading."""
    g.identified, g.person, g.actor, g.hats, g.membership = True, None, None, [], None


def _way_back() -> str:
    """The page to come back to after signing in: this one, or the one whose form was sent."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    page = urlsplit(request.referrer or "")
    return page.path + (f"?{page.query}" if page.query else "") if page.netloc == request.host else "/"


def _load() -> None:
    """Find out once per request. The API ignores cookies, so it needs no CSRF token."""
    if g.get("identified"):
        return
    forget()
    if is_api():
        if secret := api_secret():
            _load_from_key(secret)
    elif token := session.get("sign_in"):
        _load_from_token(token)


def api_secret() -> str | None:
    """The API key that was sent."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return (secret.strip() or None) if scheme.lower() == "bearer" else None


def _load_from_key(secret: str, *beside: tuple[Question, dict[str, Any]]) -> list[list[tuple[Any, ...]]]:
    held, found = who_holds_key(service.sha256(secret), *beside)
    if held is not None:
        g.key_id, g.actor = held
        g.by_key = True  # person and hat are read when somebody asks for them
    return found


def _load_hat() -> None:
    """The person behind an API key, and the one hat it is for."""
    if g.pop("by_key", False):
        g.membership = membership(g.actor.person_id, g.actor.party_id)
        g.person, g.hats = g.membership.person, [g.membership]


def _load_from_token(token: str) -> None:
    g.person, g.hats = who_signed_in(service.sha256(token))
    worn = [m for m in g.hats if m.party_id.hex == session.get("party")] or list(g.hats)
    if worn:
        g.membership = worn[0]
        g.actor = worn[0].actor()
