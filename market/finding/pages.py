"""The square of creators with its facets, and a merchant's saved searches."""

from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from market.accounts.actor import Role
from market.accounts.edge import actor_or_none, current_actor, hat, require
from market.creators.pages import card_of
from market.finding import facets, policy, queries, service
from market.finding.asked import LIMITS, Asked, address, of
from market.finding.models import SavedSearch
from market.finding.schemas import EditForm, SaveForm, SquareForm
from market.kit.db import db, transaction
from market.kit.look import count
from market.kit.pages import Form, read_form, whole_yuan
from market.kit.words import _, say

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
        suggested="，".join(text for text, _href in chips(asked, None))[:40],
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
        may_save=actor is not None and policy.may_save(actor),
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
    for group, title in facets.GROUPS.items():
        taken = asked.chosen.get(group, ())
        values = queries.values_of(seen, group, asked)
        rows = [*values, *((value, 0) for value in taken if value not in dict(values))]
        if not rows:
            continue
        shown.append(
            {
                "name": say(title),
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
            values = "、".join(facets.name(part, value) for value in asked.chosen[part])
            text = _("%(group)s：%(value)s", group=say(facets.GROUPS[part]), value=values)
        else:
            text = limit_name(part, asked)
        found.append((text, n, address(asked.without(part), sort=sort)))
    return found


@bp.get("/m/searches")
@hat(Role.MERCHANT)
def searches() -> Any:
    """保存的搜索: to look again, rename, switch alerts, let go."""
    return _searches_page({})


def _searches_page(wrong: dict[UUID, Form]) -> str:
    rows = service.visible_to(current_actor()).order_by(SavedSearch.id.desc())
    found = []
    for search in db.session.scalars(rows.limit(service.MOST)):
        asked = of(search.asked)
        found.append(
            {
                "search": search,
                "form": wrong.get(search.id)
                or Form({"name": search.name, "alerts": "1" if search.alerts else ""}),
                "href": address(asked),
                "words": [text for text, _href in chips(asked, None)],
            }
        )
    return render_template("finding/searches.html", searches=found)


@bp.post("/m/searches")
@hat(Role.MERCHANT)
def save_search() -> Any:
    actor = current_actor()
    require(policy.may_save(actor))
    form = read_form(SaveForm())
    square_form = read_form(SquareForm(), MultiDict(parse_qsl(request.form.get("query", ""))))
    asked = of(square_form.valid)
    with form.attempt():
        with transaction():
            saved = service.save(asked, form.data["name"], alerts=form.data["alerts"], by=actor)
        if saved.alerts:
            flash(_("“%(name)s”已保存，有新达人符合时会通知您。", name=saved.name), "success")
        else:
            flash(_("“%(name)s”已保存。", name=saved.name), "success")
        return redirect(address(asked), 303)
    return square_page(square_form, form), form.status


@bp.post("/m/searches/<pid('sch'):search_id>")
@hat(Role.MERCHANT)
def change_search(search_id: UUID) -> Any:
    actor = current_actor()
    form = read_form(EditForm())
    service.find_own(search_id, actor)
    with form.attempt():
        with transaction():
            search = service.find_own(search_id, actor, lock=True)
            require(policy.may_change(actor, search.party_id))
            service.change(search, **form.data)
        flash(_("“%(name)s”已保存。", name=search.name), "success")
        return redirect(url_for("finding.searches"), 303)
    return _searches_page({search_id: form}), form.status


@bp.post("/m/searches/<pid('sch'):search_id>/removal")
@hat(Role.MERCHANT)
def remove_search(search_id: UUID) -> Any:
    actor = current_actor()
    with transaction():
        search = service.find_own(search_id, actor, lock=True)
        require(policy.may_change(actor, search.party_id))
        service.remove(search)
    flash(_("“%(name)s”已删除。", name=search.name), "success")
    return redirect(url_for("finding.searches"), 303)
