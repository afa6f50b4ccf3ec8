"""The operators' subsidies: what each is for, what is granted and what is left, a new one, an early end."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale

from market.accounts.actor import Role
from market.accounts.edge import current_actor, hat, require
from market.campaigns import known
from market.campaigns.blueprints import pages as bp
from market.campaigns.subsidy_schemas import SubsidyFormSchema
from market.kit.db import transaction
from market.kit.pages import Form, read_form
from market.kit.paging import page_of
from market.kit.words import N_, _, say
from market.subsidies import queries, service
from market.subsidies.models import Audience, Subsidy, SubsidyKind

KIND_NAMES = {SubsidyKind.COUPON: N_("托管补贴"), SubsidyKind.FEE: N_("服务费优惠")}
AUDIENCE_NAMES = {Audience.ALL: N_("所有商家"), Audience.NEW: N_("还没有托管过订单的商家")}


@bp.get("/ops/subsidies")
@hat(Role.OPERATOR)
def subsidies() -> Any:
    return _subsidies(Form())


@bp.post("/ops/subsidies")
@hat(Role.OPERATOR)
def make_subsidy() -> Any:
    actor = current_actor()
    require(queries.may_subsidise(actor))
    form = read_form(SubsidyFormSchema())
    with form.attempt():
        given = form.data
        with transaction():
            service.make(given, actor)
        flash(_("补贴已建立。"), "success")
        return redirect(url_for("campaigns.subsidies"), 303)
    return _subsidies(form)


@bp.post("/ops/subsidies/<pid('sby'):subsidy_id>/ending")
@hat(Role.OPERATOR)
def stop_subsidy(subsidy_id: UUID) -> Any:
    actor = current_actor()
    require(queries.may_subsidise(actor))
    with transaction():
        service.stop(queries.find_visible(subsidy_id, actor, lock=True), actor)
    flash(_("已停用。已经给出的补贴不受影响。"), "success")
    return redirect(url_for("campaigns.subsidies"), 303)


def _subsidies(form: Form) -> Any:
    actor = current_actor()
    require(queries.may_subsidise(actor))
    seasons = known.open_seasons("en" if str(get_locale()) == "en" else "zh")
    page = render_template(
        "campaigns/subsidies.html",
        subsidies=page_of(queries.visible_to(actor), Subsidy.id, cursor=request.args.get("cursor")),
        form=form,
        seasons=seasons,
        kinds=[(kind.value, say(name)) for kind, name in KIND_NAMES.items()],
        audiences=[(audience.value, say(name)) for audience, name in AUDIENCE_NAMES.items()],
    )
    return page, form.status
