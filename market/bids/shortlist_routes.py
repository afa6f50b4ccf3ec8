"""JSON: the shortlist of a merchant's team."""

from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.bids import shortlists
from market.bids.api import bp
from market.bids.models import Shortlisted
from market.bids.schemas import (
    ShortlistEntrySchema,
    ShortlistNoteSchema,
    ShortlistQuery,
    ShortlistSchema,
    ShortlistSendSchema,
    ShortlistSentSchema,
)
from market.creators.queries import profiles
from market.kit.db import transaction
from market.tasks import policy as briefs
from market.tasks import queries as tasks


@bp.get("/shortlist")
@bp.arguments(ShortlistQuery, location="query")
@bp.response(200, ShortlistSchema)
def get_shortlist(query: dict[str, Any]) -> dict[str, Any]:
    """Whom the merchant's team keeps in mind, the newest first, and what each asks; all who act for the merchant share it."""
    actor = current_actor()
    require(briefs.may_write(actor))
    task = tasks.find_visible(query["task_id"], actor) if query["task_id"] else None
    kept = shortlists.entries(actor)
    known = profiles(row.creator_id for row in kept)
    asked = {id: mine.price(*task.piece) if task else mine.from_fen for id, mine in known.items()}
    return {
        "data": [
            {
                "creator_id": row.creator_id,
                "creator": row.creator,
                "note": row.note,
                "created_at": row.created_at,
                "price_fen": asked.get(row.creator_id),
            }
            for row in kept
        ]
    }


@bp.put("/shortlist/<pid('pty'):creator_id>")
@bp.arguments(ShortlistNoteSchema)
@bp.response(200, ShortlistEntrySchema)
def keep(said: dict[str, Any], creator_id: UUID) -> Shortlisted:
    """Put a verified creator on the list, or change the note."""
    actor = current_actor()
    require(briefs.may_write(actor))
    with transaction():
        return shortlists.keep(creator_id, said.get("note"), by=actor)


@bp.delete("/shortlist/<pid('pty'):creator_id>")
@bp.response(204)
def drop(creator_id: UUID) -> None:
    """Off the list."""
    actor = current_actor()
    require(briefs.may_write(actor))
    with transaction():
        shortlists.drop(creator_id, by=actor)


@bp.post("/tasks/<pid('tsk'):task_id>/invitation-batches")
@bp.arguments(ShortlistSendSchema)
@bp.response(200, ShortlistSentSchema)
def invite_several(said: dict[str, Any], task_id: UUID) -> dict[str, Any]:
    """One brief to several creators. Who cannot be asked is named with the reason, and keeps nobody else from it."""
    actor = current_actor()
    task = tasks.find_visible(task_id, actor)
    require(briefs.may_run(actor, task))
    return {"data": shortlists.invite_all(task.id, said["creator_ids"], said["message"], by=actor)}
