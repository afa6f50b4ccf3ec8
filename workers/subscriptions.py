"""The only place where a fact meets its listeners, and a timer its handler.

A listener takes the Event and is safe to run twice; a timer handler takes (subject_id, data). Each runs in a
transaction of its own, in a worker.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from market.agencies import service as agencies
from market.approvals import service as approvals
from market.bids import invitations as bid_invitations
from market.bids import service as bids
from market.campaigns import filling
from market.delivery import service as delivery
from market.disputes import service as disputes
from market.finding import briefs as brief_searches
from market.finding import index as creators_index
from market.invoices import listeners as paper_listeners
from market.kit.events import Event
from market.live import service as live
from market.matching import declared, history
from market.matching import text as match_text
from market.messages import service as messages
from market.orders import amendments, changes, exits
from market.orders import chargebacks as order_chargebacks
from market.orders import listeners as order_listeners
from market.orders import service as orders
from market.payments import earnings, rhythm, withdrawals
from market.playlists import service as playlists
from market.publication import service as publication
from market.standings import service as standings
from market.taopai import shooting
from market.tasks import service as tasks
from market.video import service as videos

Listener = Callable[[Event], None]
TimerHandler = Callable[[UUID, dict[str, Any]], None]

SUBSCRIPTIONS: dict[str, tuple[Listener, ...]] = {
    "calendar.stated": (creators_index.renew_party, declared.renew_party),
    "chargeback.lost": (order_chargebacks.lose,),
    "chargeback.opened": (order_chargebacks.freeze,),
    "chargeback.won": (order_chargebacks.thaw,),
    "checkout.closed": (order_listeners.free_subsidy, order_listeners.end_closed),
    "checkout.expired": (order_listeners.free_subsidy, order_listeners.end_closed),
    "checkout.failed": (order_listeners.free_subsidy, order_listeners.end_closed),
    "film.cleared": (filling.renew_venues,),
    "film.held": (filling.renew_venues,),
    "film.mended": (filling.renew_venues,),
    "film.published": (playlists.fill_published, filling.renew_venues),
    "film.recovered": (filling.renew_venues,),
    "film.withdrawn": (playlists.fill_published, videos.forget_footprints, filling.renew_venues),
    "order.cancelled": (order_listeners.free_subsidy, creators_index.renew_maker, declared.renew_maker),
    "order.lapsed": (order_listeners.free_subsidy, creators_index.renew_maker, declared.renew_maker),
    "delivery.accepted": (publication.publish, creators_index.renew_maker, declared.renew_maker),
    "delivery.scheduled": (publication.publish,),
    "order.awarded": (creators_index.renew_maker, declared.renew_maker),
    "media.ready": (shooting.film_when_ready,),
    "order.thawed": (order_chargebacks.settle_thawed, order_listeners.release_thawed),
    "dispute.decided": (paper_listeners.paper_order,),
    "dispute.dropped": (paper_listeners.paper_order,),
    "milestone.taken_back": (paper_listeners.paper_order,),
    "order.completed": (
        order_listeners.free_subsidy,
        paper_listeners.paper_order,
        history.learn,
        creators_index.renew_maker,
        declared.renew_maker,
    ),
    "order.settled": (
        order_listeners.free_subsidy,
        paper_listeners.paper_order,
        creators_index.renew_maker,
        declared.renew_maker,
    ),
    "party.verification_refused": (creators_index.renew_party, declared.renew_party),
    "party.verified": (creators_index.renew_party, declared.renew_party),
    "payments.received": (order_listeners.fund_paid,),
    "post.changed": (filling.renew_venues,),
    "post.withdrawn": (filling.renew_venues,),
    "product.changed": (filling.renew_venues,),
    "product.put_on": (filling.renew_venues,),
    "product.taken_off": (filling.renew_venues,),
    "profile.saved": (creators_index.renew_party, declared.renew_party),
    "publication.published": (
        publication.land,
        playlists.fill_published,
        filling.fill_venue,
        filling.renew_venues,
    ),
    "publication.withdrawn": (
        playlists.fill_published,
        videos.forget_footprints,
        filling.renew_venues,
    ),
    "roster.ending": (bids.end_with_link,),
    "task.cancelled": (bids.end_with_brief,),
    "task.closed": (bids.end_with_brief,),
    "task.opened": (match_text.place_brief, brief_searches.match),
    "video.labelled": (filling.renew_venues,),
    "video.reworded": (filling.renew_venues,),
}

ALWAYS: tuple[Listener, ...] = (messages.notify,)
"""Hear every event that has an audience."""

TIMERS: dict[str, TimerHandler] = {
    agencies.END_TIMER: agencies.end_after_notice,
    approvals.EXPIRE: approvals.expire,
    bid_invitations.EXPIRE_TIMER: bid_invitations.expire_invitation,
    delivery.AUTO_ACCEPT: delivery.auto_accept,
    delivery.REMIND: delivery.remind,
    earnings.MATURE: earnings.mature,
    rhythm.PAY_OUT: rhythm.pay_out,
    withdrawals.TAKE_BACK: withdrawals.take_back_when_due,
    live.END: live.end,
    live.REMIND: live.send_reminders,
    disputes.DUE: disputes.due,
    disputes.REMIND: disputes.remind,
    amendments.DUE: changes.due,
    exits.DUE: exits.due,
    exits.REMIND: exits.remind,
    orders.LAPSE: orders.lapse,
    orders.REMIND_FUNDING: orders.remind_funding,
    publication.EXPIRE: publication.expire,
    standings.DUE: standings.due,
    publication.PUBLISH: publication.put_on_shelf,
    tasks.CLOSE_TIMER: tasks.close_when_due,
}


def listeners(event: Event) -> tuple[Listener, ...]:
    return SUBSCRIPTIONS.get(event.name, ()) + (ALWAYS if event.audience else ())


def name_of(listener: Listener) -> str:
    return f"{listener.__module__.removeprefix('market.')}:{listener.__qualname__}"


def by_name() -> dict[str, Listener]:
    everyone = {listener for listeners_ in SUBSCRIPTIONS.values() for listener in listeners_} | set(ALWAYS)
    return {name_of(listener): listener for listener in everyone}
