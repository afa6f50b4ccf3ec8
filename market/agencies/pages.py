"""The agency's roster, and the creator's side of it."""

from typing import Any, cast
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.accounts.queries import find_party
from market.accounts.story import entries_of
from market.agencies import policy, queries, service
from market.agencies.edge import held
from market.agencies.models import LinkState, RosterLink
from market.agencies.schemas import InviteFormSchema, ProposalFormSchema
from market.kit.db import transaction
from market.kit.events import history
from market.kit.figures import figures
from market.kit.pages import Form, read_form
from market.kit.words import N_, _

bp = Blueprint("agencies", __name__)

EXAMPLE_FEN = 1_000_000
TABS = {
    "live": (LinkState.ACTIVE, LinkState.ENDING),
    "invited": (LinkState.INVITED,),
    "past": (LinkState.ENDED, LinkState.DECLINED),
}

STORY = {
    "roster.invited": (N_("邀请加入花名册，分成 %(percent)s"), "mail", ""),
    "roster.accepted": (N_("接受邀请，分成 %(percent)s 生效"), "handshake", "good"),
    "roster.declined": (N_("谢绝了邀请"), "user-x", ""),
    "roster.invitation_withdrawn": (N_("撤回了邀请"), "undo-2", ""),
    "roster.split_proposed": (N_("提议把分成改为 %(percent)s"), "percent", "wait"),
    "roster.split_accepted": (N_("同意新的分成 %(percent)s"), "check", "good"),
    "roster.split_declined": (N_("没有同意新的分成 %(percent)s"), "x", ""),
    "roster.ending": (N_("发出解约通知，%(ends)s 生效"), "user-minus", "wait"),
    "roster.notice_withdrawn": (N_("撤回了解约通知"), "undo-2", ""),
    "roster.ended": (N_("经纪关系结束"), "circle-stop", ""),
}
"""How the history of a link reads: words, icon, tone."""


def story(link: RosterLink) -> list[dict[str, Any]]:
    """The timeline both sides see."""
    return entries_of(history(link.id), STORY)


def shares(commission_bps: int | None) -> list[dict[str, Any]]:
    """¥10,000 shared out under this commission, for the bar that shows it."""
    part = service.example(commission_bps or 0, price_fen=EXAMPLE_FEN)
    return [
        {"label": _("创作者"), "fen": part["creator"]},
        {"label": _("机构"), "fen": part["agency"]},
        {"label": _("平台服务费"), "fen": part["fee"]},
        {"label": _("代扣个税"), "fen": part["tax"]},
    ]


@bp.get("/a/roster")
@hat(Role.AGENCY)
def roster() -> Any:
    return _roster_page(Form({"commission_bps": "15"}))


@bp.post("/a/roster")
@hat(Role.AGENCY)
def invite() -> Any:
    actor = current_actor()
    require(policy.may_invite(actor))
    form = read_form(InviteFormSchema())
    with form.attempt():
        with transaction():
            link = service.invite(cast(UUID, actor.party_id), **form.data, by=actor)
        flash(_("已邀请 %(name)s，等对方确认分成。", name=link.creator.name), "success")
        return redirect(url_for("agencies.roster", tab="invited"), 303)
    return _roster_page(form), form.status


@bp.get("/a/roster/example")
@hat(Role.AGENCY)
def example() -> Any:
    """The fragment that follows the typing: what this share means in yuan."""
    form = read_form(ProposalFormSchema(), request.args)
    return render_template("agencies/_example.html", shares=shares(form.valid.get("commission_bps")))


@bp.get("/a/roster/<pid('rst'):link_id>")
@hat(Role.AGENCY)
def link(link_id: UUID) -> Any:
    found = queries.find_visible(link_id, current_actor())
    return _link_page(found, Form())


@bp.post("/a/roster/<pid('rst'):link_id>/proposal")
@hat(Role.AGENCY)
def propose(link_id: UUID) -> Any:
    form = read_form(ProposalFormSchema())
    with form.attempt():
        bps = form.data["commission_bps"]
        with held(link_id, policy.may_lead) as (found, actor):
            service.propose(found, bps, by=actor)
        flash(_("新的分成已提交，等创作者确认；确认前仍按原分成。"), "success")
        return redirect(url_for("agencies.link", link_id=link_id), 303)
    return _link_page(queries.find_visible(link_id, current_actor()), form), form.status


@bp.post("/a/roster/<pid('rst'):link_id>/withdrawal")
@hat(Role.AGENCY)
def take_back_invitation(link_id: UUID) -> Any:
    with held(link_id, policy.may_lead) as (found, actor):
        service.take_back_invitation(found, by=actor)
    flash(_("邀请已撤回。"), "success")
    return redirect(url_for("agencies.roster", tab="invited"), 303)


@bp.get("/u/agency")
@hat(Role.CREATOR)
def own_agency() -> Any:
    """The creator's side: who represents me, at what share, and who asks."""
    links = queries.links_of(cast(UUID, current_actor().party_id))
    current = next((each for each in links if each.state in queries.LIVE), None)
    return render_template(
        "agencies/own.html",
        current=current,
        running=queries.running([current.id]).get(current.id, 0) if current else 0,
        shares=shares,
        invited=[each for each in links if each.state is LinkState.INVITED],
        past=[each for each in links if each.state in TABS["past"]],
        story=story,
        policy=policy,
        notice_days=figures.roster_notice_days,
    )


@bp.post("/u/agency/<pid('rst'):link_id>/reply")
@hat(Role.CREATOR)
def answer(link_id: UUID) -> Any:
    accept = request.form.get("accept") == "1"
    with held(link_id, policy.may_answer) as (found, actor):
        service.answer(found, accept=accept, by=actor)
    flash(_("已接受，分成即刻生效。") if accept else _("已谢绝邀请。"), "success")
    return redirect(url_for("agencies.own_agency"), 303)


@bp.post("/u/agency/<pid('rst'):link_id>/proposal")
@hat(Role.CREATOR)
def answer_proposal(link_id: UUID) -> Any:
    accept = request.form.get("accept") == "1"
    with held(link_id, policy.may_answer) as (found, actor):
        service.answer_proposal(found, accept=accept, by=actor)
    flash(_("新的分成已生效。") if accept else _("仍按原来的分成。"), "success")
    return redirect(url_for("agencies.own_agency"), 303)


def notice(link_id: UUID) -> Any:
    """Either side, under its own prefix: give notice, or take back one's own."""
    if request.form.get("take_back") == "1":
        with held(link_id, policy.may_take_back_notice) as (found, actor):
            service.take_back_notice(found, by=actor)
        flash(_("解约通知已撤回。"), "success")
    else:
        with held(link_id, policy.may_end) as (found, actor):
            service.give_notice(found, by=actor)
        flash(_("解约通知已发出。"), "success")
    back = (
        url_for("agencies.link", link_id=link_id)
        if actor.role is Role.AGENCY
        else url_for("agencies.own_agency")
    )
    return redirect(back, 303)


bp.post("/a/roster/<pid('rst'):link_id>/notice", endpoint="agency_notice")(hat(Role.AGENCY)(notice))
bp.post("/u/agency/<pid('rst'):link_id>/notice", endpoint="creator_notice")(hat(Role.CREATOR)(notice))


def _roster_page(form: Form) -> str:
    me = cast(UUID, current_actor().party_id)
    tab = request.args.get("tab", "live")
    tab = tab if tab in TABS else "live"
    links = queries.roster(me, *TABS[tab])
    words = request.args.get("q", "").strip()[:40]
    if words:
        links = [each for each in links if words.lower() in each.creator.name.lower()]
    return render_template(
        "agencies/roster.html",
        form=form,
        tab=tab,
        words=words,
        links=links,
        running=queries.running(each.id for each in links),
        counts={name: len(queries.roster(me, *states)) for name, states in TABS.items()},
        shares=shares(_typed_bps(form)),
        party=find_party(me),
    )


def _typed_bps(form: Form) -> int | None:
    typed = MultiDict({"commission_bps": str(form.values.get("commission_bps", ""))})
    return read_form(ProposalFormSchema(), typed).valid.get("commission_bps")


def _link_page(found: RosterLink, form: Form) -> str:
    return render_template(
        "agencies/link.html",
        link=found,
        form=form,
        running=queries.running([found.id]).get(found.id, 0),
        shares=shares(found.commission_bps),
        story=story(found),
        notice_days=figures.roster_notice_days,
        may_take_back=policy.may_take_back_notice(current_actor(), found),
    )
