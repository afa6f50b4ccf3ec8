"""Wiping footprints."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import Actor
from market.audience.models import ClearedFootprints, Footprint
from market.kit.clock import now
from market.kit.db import db


def clear(actor: Actor) -> None:
    """All of them, and those that are still being counted."""
    values = {"person_id": actor.person_id, "cleared_at": now()}
    db.session.execute(
        insert(ClearedFootprints)
        .values(values)
        .on_conflict_do_update(index_elements=["person_id"], set_={"cleared_at": values["cleared_at"]})
    )
    db.session.execute(delete(Footprint).where(Footprint.person_id == actor.person_id))


def forget(entry_id: UUID) -> None:
    """A work that is gone is in nobody's footprints any more."""
    db.session.execute(delete(Footprint).where(Footprint.entry_id == entry_id))


def remove(entry_id: UUID, actor: Actor) -> None:
    """One of them; nothing happens when it is not there."""
    own = Footprint.person_id == actor.person_id
    db.session.execute(delete(Footprint).where(own, Footprint.entry_id == entry_id))
