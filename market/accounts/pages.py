"""Signing up, in and out, changing hats, language, keys, and the verification desk."""

from typing import Any, cast
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask_babel import get_locale

from market.accounts import service
from market.accounts.actor import Right, Role
from market.accounts.edge import (
    HOMES,
    current_actor,
    current_hats,
    current_person,
    end_session,
    hat,
    require,
    signed_in,
    start_session,
    wear,
)
from market.accounts.models import ApiKey, Party, Person, SignIn
from market.accounts.queries import awaiting_verification, find_party, hats, keys_visible_to
from market.accounts.schemas import (
    OPEN_ROLES,
    ClaimSchema,
    DecisionSchema,
    HatSchema,
    KeyLabelSchema,
    ProfileNameSchema,
    SignInSchema,
    SignUpSchema,
)
from market.kit.db import db, transaction
from market.kit.errors import NotFound
from market.kit.limits import limiter
from market.kit.pages import Form, local_path, read_form, show
from market.kit.paging import page_of
from market.kit.words import _

bp = Blueprint("accounts", __name__)
LANGUAGES = {"zh": "中文", "en": "English"}


def _email_key() -> str:
    return "email:" + request.form.get("email", "").strip().lower()[:200]


@bp.route("/register", methods=["GET", "POST"])
@limiter.limit("20 per hour", methods=["POST"], exempt_when=lambda: current_app.config["SETTINGS"].testing)
def register() -> Any:
    form = Form({"role": request.args.get("role", "")})
    if request.method == "POST":
        form = read_form(SignUpSchema())
        with form.attempt():
            with transaction():
                membership = service.sign_up(
                    **form.data | {"role": Role(form.data["role"])}, locale=str(get_locale())
                )
                token = service.sign_in(membership.person, user_agent=request.user_agent.string)
            start_session(token, membership.actor())
            return redirect(HOMES[membership.party.role], 303)
    return render_template("accounts/register.html", form=form, roles=OPEN_ROLES), form.status


@bp.route("/login", methods=["GET", "POST"])
@limiter.limit("10 per 5 minutes", key_func=_email_key, methods=["POST"])
@limiter.limit("50 per 5 minutes", methods=["POST"])
@limiter.limit("1000 per 5 minutes", key_func=lambda: "everybody", methods=["POST"])
def sign_in() -> Any:
    form = Form()
    way = local_path(request.values.get("next"), "")
    if request.method == "POST":
        form = read_form(_SignInForm())
        with form.attempt():
            person = service.check_password(form.data["email"], form.data["password"])
            with transaction():
                token = service.sign_in(person, user_agent=request.user_agent.string)
            first = hats(person.id)[0]
            start_session(token, first.actor())
            return redirect(way or HOMES[first.party.role], 303)
    signins = current_app.config["DEMO_SIGN_INS"]() if current_app.config["SETTINGS"].demo else []
    return render_template("accounts/login.html", form=form, next=way, signins=signins), form.status


class _SignInForm(SignInSchema):
    class Meta:
        unknown = "exclude"


@bp.post("/logout")
def sign_out() -> Any:
    with transaction():
        end_session()
    return redirect("/", 303)


@bp.post("/hat")
@signed_in
def change_hat() -> Any:
    """Put on another of one's hats, and go to its home."""
    wanted = request.form.get("role", "")
    if wanted not in list(Role) or not wear(Role(wanted)):
        raise NotFound
    return redirect(HOMES[Role(wanted)], 303)


@bp.post("/language")
def change_language() -> Any:
    asked = request.form.get("locale", "")
    if asked in LANGUAGES:
        session["locale"] = asked
        person = current_person()
        if person:
            with transaction():
                cast(Person, db.session.get(Person, person.id)).locale = asked
    return redirect(local_path(request.form.get("next")), 303)


@bp.route("/settings", methods=["GET", "POST"])
@signed_in
def settings() -> Any:
    """Name and words about oneself, hats, sign-ins, API keys."""
    actor = current_actor()
    party = find_party(cast(UUID, actor.party_id))
    form = show(ProfileNameSchema(), party)
    if request.method == "POST":
        form = read_form(ProfileNameSchema())
        with form.attempt():
            with transaction():
                party = find_party(party.id, lock=True)
                for name, value in form.data.items():
                    setattr(party, name, value)
            flash(_("已保存。"), "success")
            return redirect(url_for("accounts.settings"), 303)
    return _settings_page(form=form), form.status


def _settings_page(**extra: Any) -> str:
    actor = current_actor()
    held = {membership.party.role for membership in current_hats()}
    context: dict[str, Any] = {
        "form": Form(),
        "hat_form": Form(),
        "key_form": Form(),
        "claim_form": Form(),
        "party": find_party(cast(UUID, actor.party_id)),
        "free_roles": [role for role in OPEN_ROLES if Role(role) not in held],
        "keys": db.session.scalars(keys_visible_to(actor)).all(),
        "sign_ins": db.session.query(SignIn)
        .filter_by(person_id=actor.person_id, ended_at=None)
        .order_by(SignIn.id)
        .all(),
        "secret": None,
    }
    return render_template("accounts/settings.html", **context | extra)


@bp.post("/settings/hats")
@signed_in
def take_hat() -> Any:
    form = read_form(HatSchema())
    with form.attempt():
        with transaction():
            person = cast(Person, db.session.get(Person, cast(Person, current_person()).id))
            membership = service.take_hat(person, Role(form.data["role"]), form.data["name"])
        session["party"] = membership.party_id.hex
        return redirect(HOMES[membership.party.role], 303)
    return _settings_page(hat_form=form), form.status


@bp.post("/settings/autoplay")
@signed_in
def choose_autoplay() -> Any:
    """`on=1` lets films start by themselves where the line costs nothing, `on=0` does not."""
    with transaction():
        person = cast(Person, db.session.get(Person, cast(Person, current_person()).id))
        person.autoplay = request.form.get("on") == "1"
    flash(_("Wi-Fi 下会自动静音播放。") if person.autoplay else _("不再自动播放。"), "success")
    return redirect(local_path(request.form.get("next"), url_for("accounts.settings")), 303)


@bp.post("/settings/keys")
@signed_in
def make_key() -> Any:
    """The secret is on this one answer only."""
    actor = current_actor()
    form = read_form(KeyLabelSchema())
    with form.attempt():
        with transaction():
            _key, secret = service.make_key(
                cast(UUID, actor.person_id), cast(UUID, actor.party_id), label=form.data["label"]
            )
        return _settings_page(secret=secret)
    return _settings_page(key_form=form), form.status


@bp.post("/settings/keys/<pid('key'):key_id>/revocation")
@signed_in
def revoke_key(key_id: UUID) -> Any:
    with transaction():
        key = db.session.scalar(keys_visible_to(current_actor()).where(ApiKey.id == key_id))
        if key is None:
            raise NotFound
        service.revoke_key(key)
    flash(_("密钥已停用。"), "success")
    return redirect(url_for("accounts.settings"), 303)


@bp.post("/settings/verification")
@signed_in
def ask_verification() -> Any:
    actor = current_actor()
    form = read_form(ClaimSchema())
    with form.attempt():
        with transaction():
            service.ask_verification(find_party(cast(UUID, actor.party_id), lock=True), form.data, by=actor)
        flash(_("资质已提交，运营审核后会通知您。"), "success")
        return redirect(url_for("accounts.settings"), 303)
    return _settings_page(claim_form=form), form.status


@bp.get("/ops/verification")
@hat(Role.OPERATOR)
def verification() -> Any:
    require(current_actor().may(Right.VERIFY))
    waiting = page_of(awaiting_verification(), Party.id, limit=50, cursor=request.args.get("cursor"))
    return render_template("accounts/verification.html", waiting=waiting)


@bp.post("/ops/verification/<pid('pty'):party_id>")
@hat(Role.OPERATOR)
def decide_verification(party_id: UUID) -> Any:
    actor = current_actor()
    require(actor.may(Right.VERIFY))
    form = read_form(DecisionSchema())
    with transaction():
        party = service.decide_verification(party_id, **form.data, by=actor)
    flash(_("%(name)s：已处理。", name=party.name), "success")
    return redirect(url_for("accounts.verification"), 303)
