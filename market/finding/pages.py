"""The square of creators with its facets, and saved searches: merchants' of the square, providers' of the hall."""

from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from market.accounts.edge import HOMES, actor_or_none, current_actor, require, under_hats
from market.accounts.vocabulary import Format
from market.creators.pages import card_of
from market.finding import facets, policy, queries, service
from market.finding.asked import LIMITS, Asked, address, of
from market.finding.models import SavedSearch, Sought
from market.finding.schemas import EditForm, SaveForm, SquareForm
from market.kit.db import db, transaction
from market.kit.look import count
from market.kit.pages import Form, read_form, whole_yuan
from market.kit.words import _, joined, say
from market.tasks.pages import hall_page
from market.tasks.schemas import HallForm
from market.tasks.shown import hall_address, hall_asked, hall_words

bp = Blueprint("finding", __name__)

OPEN_AT_FIRST = 6
"""So many groups stand open; the others open when something of them is chosen."""


@bp.get("/creators")
def square() -> Any:
    """达人广场: everybody may look before signing in."""
    form = read_form(SquareForm(), request.args)
    return square_page(form, Form())


def square_page(form: Form, save: Form) -> str:
    asked = of(form.valid)
    sort = form.valid.get("sort")
    pieces = facets.pieces(asked.chosen)
    seen = queries.overview(asked)
    found = queries.search(asked, sort=sort, limit=24, cursor=form.valid.get("cursor"), here=seen.here)
    actor = actor_or_none()
    return render_template(
        "finding/square.html",
        form=form,
        save=save,
        asked=asked,
        query=address(asked).partition("?")[2],
        suggested=joined((text for text, _href in chips(asked, None)), "，")[:40],
        chips=chips(asked, sort),
        groups=groups(asked, seen, sort),
        hidden=hidden(asked),
        sorts=sorts(asked),
        sort=sort or "",
        total=seen.here.total,
        exact=seen.here.exact,
        cards=[card_of(mine, *facets.piece(pieces)) for mine in found],
        next_url=address(asked, sort=sort, cursor=found.next_cursor) if found.next_cursor else None,
        cures=[] if found.data or form.valid.get("cursor") else cures(asked, sort),
        may_save=actor is not None and policy.may_save(actor, Sought.CREATORS),
    )


def sorts(asked: Asked) -> list[tuple[str, str]]:
    """Without a choice fit, with words, else the newest: so the choice does not outlive the words it suited."""
    names = {
        "fit": _("最符合关键词"),
        "new": _("最新入驻"),
        "fans": _("粉丝最多"),
        "price": _("报价最低"),
        "level": _("等级最高"),
    }
    usual = "fit" if asked.q else "new"
    return [("", names[usual]), *((code, text) for code, text in names.items() if code not in (usual, "fit"))]


def chips(asked: Asked, sort: str | None) -> list[tuple[str, str]]:
    """What is asked, piece by piece: words to read, and the address without that piece."""
    found = []
    if asked.q:
        found.append((asked.q, address(asked.without("q"), sort=sort)))
    for group, values in asked.chosen.items():
        for value in values:
            text = facets.name(group, value)
            if group in facets.AUDIENCE_GROUPS:
                text = _("%(group)s：%(value)s", group=say(facets.GROUPS[group]), value=text)
            found.append((text, address(asked.without(group, value), sort=sort)))
    for part in LIMITS:
        if part in asked.parts:
            found.append((limit_name(part, asked), address(asked.without(part), sort=sort)))
    return found


def limit_name(part: str, asked: Asked) -> str:
    if part == "price_max_fen":
        return _("报价不超过 %(fen)s", fen=whole_yuan(asked.price_max_fen))
    if part == "fans_min":
        return _("粉丝 %(n)s 以上", n=count(asked.fans_min or 0))
    return _("Lv.%(n)s 以上", n=asked.level_min)


def groups(asked: Asked, seen: queries.Overview, sort: str | None) -> list[dict[str, Any]]:
    """The facets: every value with how many it would show, and the address that takes or drops it."""
    shown: list[dict[str, Any]] = []
    for group in facets.GROUPS:
        taken = asked.chosen.get(group, ())
        values = queries.values_of(seen, group, asked)
        rows = [*values, *((value, 0) for value in taken if value not in dict(values))]
        if not rows:
            continue
        shown.append(
            {
                "name": group_name(group, asked),
                "taken": len(taken),
                "is_open": bool(taken) or len(shown) < OPEN_AT_FIRST,
                "exact": seen.of(group).exact,
                "rows": [
                    {
                        "text": facets.name(group, value),
                        "n": n,
                        "on": value in taken,
                        "href": address(
                            asked.without(group, value) if value in taken else asked.adding(group, value),
                            sort=sort,
                        )
                        + "#facets",
                    }
                    for value, n in rows
                ],
            }
        )
    return shown


def group_name(group: str, asked: Asked) -> str:
    if group == "price" and facets.pieces(asked.chosen) == [Format.LIVE.value]:
        return _("报价（每小时）")
    return say(facets.GROUPS[group])


def hidden(asked: Asked) -> list[tuple[str, str]]:
    """What a form with the words and limits carries along: the chosen values."""
    return [(group, value) for group, values in asked.chosen.items() for value in values]


def cures(asked: Asked, sort: str | None) -> list[tuple[str, int, str]]:
    """What to drop when nobody is found, how many that brings, and where."""
    found = []
    for part, n in queries.cures(asked):
        if part == "q":
            text = _("关键词：%(q)s", q=asked.q)
        elif part in asked.chosen:
            values = joined(facets.name(part, value) for value in asked.chosen[part])
            text = _("%(group)s：%(value)s", group=say(facets.GROUPS[part]), value=values)
        else:
            text = limit_name(part, asked)
        found.append((text, n, address(asked.without(part), sort=sort)))
    return found


each = under_hats(bp, *policy.SOUGHT)


def here(name: str, **values: Any) -> str:
    """The address of a page of saved searches under the present hat's prefix."""
    return url_for(f"finding.{HOMES[current_actor().role][1:]}_{name}", **values)


@each("/searches", "searches")
def searches() -> Any:
    """保存的搜索: to look again, rename, switch alerts, let go."""
    return _searches_page({})


def _searches_page(wrong: dict[UUID, Form]) -> str:
    actor = current_actor()
    kind = policy.SOUGHT[actor.role]
    rows = service.visible_to(actor, kind).order_by(SavedSearch.id.desc())
    found = []
    for search in db.session.scalars(rows.limit(service.MOST)):
        href, words = _shown(search)
        found.append(
            {
                "search": search,
                "form": wrong.get(search.id)
                or Form({"name": search.name, "alerts": "1" if search.alerts else ""}),
                "href": href,
                "words": words,
                "change": here("change_search", search_id=search.id),
                "remove": here("remove_search", search_id=search.id),
            }
        )
    return render_template("finding/searches.html", searches=found, kind=kind)


def _shown(search: SavedSearch) -> tuple[str, list[str]]:
    """Where a search leads, and what it asks in words."""
    if search.kind is Sought.BRIEFS:
        return hall_address(search.asked), hall_words(search.asked)
    asked = of(search.asked)
    return address(asked), [text for text, _href in chips(asked, None)]


@each("/searches", "save_search", methods=["POST"])
def save_search() -> Any:
    """The form stands on the square and in the hall; what was typed comes back to where it was."""
    actor = current_actor()
    kind = policy.SOUGHT[actor.role]
    require(policy.may_save(actor, kind))
    form = read_form(SaveForm())
    said = MultiDict(parse_qsl(request.form.get("query", "")))
    question = read_form(HallForm() if kind is Sought.BRIEFS else SquareForm(), said)
    asked = hall_asked(question.valid) if kind is Sought.BRIEFS else of(question.valid).values()
    with form.attempt():
        with transaction():
            saved = service.save(kind, asked, form.data["name"], alerts=form.data["alerts"], by=actor)
        if not saved.alerts:
            text = _("“%(name)s”已保存。", name=saved.name)
        elif kind is Sought.BRIEFS:
            text = _("“%(name)s”已保存，有新需求符合时会通知您。", name=saved.name)
        else:
            text = _("“%(name)s”已保存，有新达人符合时会通知您。", name=saved.name)
        flash(text, "success")
        return redirect(_shown(saved)[0], 303)
    page = hall_page(question, form) if kind is Sought.BRIEFS else square_page(question, form)
    return page, form.status


@each("/searches/<pid('sch'):search_id>", "change_search", methods=["POST"])
def change_search(search_id: UUID) -> Any:
    form = read_form(EditForm())
    _own(search_id)
    with form.attempt():
        with transaction():
            search = _own(search_id, lock=True)
            service.change(search, **form.data)
        flash(_("“%(name)s”已保存。", name=search.name), "success")
        return redirect(here("searches"), 303)
    return _searches_page({search_id: form}), form.status


@each("/searches/<pid('sch'):search_id>/removal", "remove_search", methods=["POST"])
def remove_search(search_id: UUID) -> Any:
    with transaction():
        search = _own(search_id, lock=True)
        service.remove(search)
    flash(_("“%(name)s”已删除。", name=search.name), "success")
    return redirect(here("searches"), 303)


def _own(search_id: UUID, *, lock: bool = False) -> SavedSearch:
    """A search of the actor's party. Raises NotFound for any other, Forbidden without the right."""
    actor = current_actor()
    search = service.find_own(search_id, actor, policy.SOUGHT[actor.role], lock=lock)
    require(policy.may_change(actor, search))
    return search
