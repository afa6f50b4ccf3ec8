"""JSON: threads and notices."""

from typing import Any
from uuid import UUID

from market.accounts.actor import Right
from market.accounts.edge import current_actor, require
from market.kit.api import ApiBlueprint
from market.kit.db import transaction
from market.kit.paging import Page, page_of
from market.kit.schemas import PageQuery, page_schema
from market.messages import queries, service
from market.messages.models import Message, Notice, Thread
from market.messages.schemas import ConversationSchema, MessageSchema, NoticeSchema, SaySchema, ThreadSchema

bp = ApiBlueprint("messages", __name__, description="Threads per brief and order, notices")


@bp.get("/notices")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(NoticeSchema))
def list_notices(query: dict[str, Any]) -> Page[Notice]:
    return page_of(queries.notices(current_actor()), Notice.id, **query)


@bp.post("/notices/reading")
@bp.response(204)
def read_notices() -> None:
    """Mark all notices as read."""
    actor = current_actor()
    with transaction():
        service.read_notices(actor)


@bp.get("/threads")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_schema(ThreadSchema))
def list_threads(query: dict[str, Any]) -> Page[Thread]:
    return page_of(queries.visible_to(current_actor()), Thread.id, **query)


@bp.get("/threads/<pid('thr'):thread_id>")
@bp.response(200, ConversationSchema)
def get_thread(thread_id: UUID) -> dict[str, Any]:
    thread = queries.find_visible(thread_id, current_actor())
    return {"thread": thread, "messages": queries.messages(thread)}


@bp.post("/threads/<pid('thr'):thread_id>/messages")
@bp.arguments(SaySchema)
@bp.response(201, MessageSchema)
def say(words: dict[str, Any], thread_id: UUID) -> Message:
    actor = current_actor()
    require(actor.may(Right.TALK))
    with transaction():
        thread = queries.find_visible(thread_id, actor, lock=True)
        return service.say(thread, **words, by=actor)
