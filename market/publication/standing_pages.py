"""The red list and what to learn from it; how one's own film does; what waits for an operator's ruling."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from market.accounts.actor import Role
from market.accounts.edge import actor_or_none, current_actor, hat, require, signed_in
from market.accounts.vocabulary import CATEGORIES, category_name, options
from market.kit.db import transaction
from market.kit.errors import NotFound
from market.kit.pages import Form, read_form
from market.kit.paging import page_by, page_of
from market.kit.words import _, language
from market.publication.cards import video_cards
from market.standings import policy, queries, service, words
from market.standings.models import FilmCase, Standing
from market.standings.schemas import AppealSchema, FilmRulingSchema, MendFormSchema
from market.standings.scoring import LOW_PLAYS, RED_PLAYS, Mark, Score
from market.taopai import plans, shooting
from market.taopai import policy as taopai_policy
from market.taopai import queries as taopai
from market.video import queries as video
from market.video.models import Video

bp = Blueprint("standings", __name__)


@bp.get("/red-list")
def red_list() -> Any:
    """The best first, each with its reasons."""
    category = request.args.get("category", "")
    category = category if category in CATEGORIES else ""
    rows = queries.red_list(category or None)
    page = page_by(
        rows, Standing.score.expression, Standing.video_id, limit=24, cursor=request.args.get("cursor")
    )
    cards = {card["id"]: card for card in video_cards(video.videos(row.video_id for row in page))}
    return render_template(
        "standings/red.html",
        rows=[(row, cards[row.video_id]) for row in page if row.video_id in cards],
        reasons=words.reasons,
        category=category,
        categories=options(CATEGORIES),
        least=RED_PLAYS,
        next_cursor=page.next_cursor,
    )


def _on_red_list(video_id: UUID) -> tuple[Video, Standing]:
    film, standing = video.find(video_id), queries.standing(video_id)
    if standing is None or standing.mark is not Mark.RED:
        raise NotFound
    return film, standing


@bp.get("/v/<pid('vid'):video_id>/lesson")
def lesson(video_id: UUID) -> Any:
    """How a film of the red list is built, and the way to film one like it."""
    film, standing = _on_red_list(video_id)
    plan = taopai.structure_of(film.asset_id)
    actor = actor_or_none()
    return render_template(
        "standings/lesson.html",
        video=film,
        card=video_cards([film])[0],
        standing=standing,
        reasons=words.reasons(standing),
        plan=plans.told(plan, language()) if plan else None,
        category=category_name(film.category),
        may_film=actor is None or taopai_policy.may_edit(actor),
    )


@bp.post("/v/<pid('vid'):video_id>/lesson")
@signed_in
def begin_lesson(video_id: UUID) -> Any:
    film, _standing = _on_red_list(video_id)
    plan = taopai.structure_of(film.asset_id)
    if plan is None:
        raise NotFound
    with transaction():
        shoot = shooting.begin_by(plan, by=current_actor())
    return redirect(url_for("taopai.studio", shoot_id=shoot.id), 303)


@bp.get("/v/<pid('vid'):video_id>/standing")
@signed_in
def standing(video_id: UUID) -> Any:
    """The score and its reasons, and what to do about a warning; for the owners."""
    return _standing_page(video_id)


def _standing_page(video_id: UUID, mending: Form | None = None, appealing: Form | None = None) -> str:
    film, actor = video.find(video_id), current_actor()
    require(policy.may_see(actor, film))
    found, case = queries.standing(video_id), queries.case_of(video_id)
    return render_template(
        "standings/standing.html",
        video=film,
        category=category_name(film.category),
        standing=found,
        reasons=words.reasons(found) if found else [],
        case=case,
        then=Score(**case.numbers) if case else None,
        case_reasons=words.reasons(Score(**case.numbers)) if case else [],
        state_name=words.state_name,
        may_mend=case is not None and policy.may_mend(actor, case),
        may_appeal=case is not None and not case.appeal and policy.may_appeal(actor, case),
        mending=mending or Form({"title": film.title, "caption": film.caption}),
        appealing=appealing or Form(),
        least=LOW_PLAYS,
    )


@bp.post("/v/<pid('vid'):video_id>/mending")
@signed_in
def mend(video_id: UUID) -> Any:
    actor = current_actor()
    require(policy.may_see(actor, video.find(video_id)))
    form = read_form(MendFormSchema())
    with form.attempt():
        with transaction():
            case = queries.open_case(video_id)
            require(policy.may_mend(actor, case))
            service.mend(case, form.data["title"], form.data["caption"], by=actor)
        flash(_("已修改。从明天起重新统计，旧数据不再算。"), "success")
        return redirect(url_for("publication.standings.standing", video_id=video_id), 303)
    return _standing_page(video_id, mending=form), form.status


@bp.post("/v/<pid('vid'):video_id>/appeal")
@signed_in
def appeal(video_id: UUID) -> Any:
    actor = current_actor()
    require(policy.may_see(actor, video.find(video_id)))
    form = read_form(AppealSchema())
    with form.attempt():
        with transaction():
            case = queries.open_case(video_id)
            require(policy.may_appeal(actor, case))
            service.appeal(case, form.data["text"], by=actor)
        flash(_("申诉已提交，裁定前一切照旧。"), "success")
        return redirect(url_for("publication.standings.standing", video_id=video_id), 303)
    return _standing_page(video_id, appealing=form), form.status


@bp.get("/ops/films")
@hat(Role.OPERATOR)
def desk() -> Any:
    """What waits for a ruling."""
    require(policy.may_rule(current_actor()))
    return _desk()


def _desk(ruled: UUID | None = None, form: Form | None = None) -> str:
    held = request.args.get("tab") == "held"
    page = page_of(
        queries.held() if held else queries.to_rule(), FilmCase.id, cursor=request.args.get("cursor")
    )
    films = {each["id"]: each for each in video_cards(video.videos(case.video_id for case in page))}
    return render_template(
        "standings/desk.html",
        cases=[
            (case, films[case.video_id], Score(**case.numbers), words.reasons(Score(**case.numbers)))
            for case in page
            if case.video_id in films
        ],
        next_cursor=page.next_cursor,
        state_name=words.state_name,
        held=held,
        ruled=ruled,
        form=form or Form(),
    )


@bp.post("/ops/films/<pid('flc'):case_id>")
@hat(Role.OPERATOR)
def rule(case_id: UUID) -> Any:
    actor = current_actor()
    require(policy.may_rule(actor))
    form = read_form(FilmRulingSchema())
    with form.attempt():
        with transaction():
            case = queries.open_case(queries.find_case(case_id).video_id)
            service.rule(case, hold=form.data["hold"], reason=form.data["reason"], by=actor)
        flash(_("已裁定，双方会收到理由。"), "success")
        return redirect(url_for("publication.standings.desk"), 303)
    return _desk(case_id, form), form.status
