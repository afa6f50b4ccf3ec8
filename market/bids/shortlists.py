"""K10, K3: the creators a merchant's team keeps in mind, and one brief to several of them at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import Select, delete, false, func, select
from sqlalchemy.dialects.postgresql import insert

from market.accounts.actor import Actor, Role
from market.accounts.models import Party
from market.bids import invitations
from market.bids.errors import NotCreator, ShortlistFull
from market.bids.models import Invitation, Shortlisted
from market.kit.db import db, transaction
from market.kit.errors import NotFound, Refusal

MOST = 200


def visible_to(actor: Actor) -> Select[Shortlisted]:
    """A merchant's list belongs to the party: whoever acts for it sees and changes the same one. Nobody else does."""
    rows = select(Shortlisted)
    if actor.role is not Role.MERCHANT or actor.party_id is None:
        return rows.where(false())
    return rows.where(Shortlisted.merchant_id == actor.party_id)


def entries(actor: Actor) -> Sequence[Shortlisted]:
    """The newest first; who lost the verification stays on the list, and is not invited."""
    return db.session.scalars(
        visible_to(actor).order_by(Shortlisted.created_at.desc(), Shortlisted.creator_id)
    ).all()


def find(creator_id: UUID, actor: Actor) -> Shortlisted:
    """Raises NotFound."""
    found = db.session.scalar(
        visible_to(actor)
        .where(Shortlisted.creator_id == creator_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def keep(creator_id: UUID, note: str | None, *, by: Actor) -> Shortlisted:
    """Put a creator on the list, or change the note (None leaves it). Raises NotCreator, ShortlistFull."""
    creator = db.session.get(Party, creator_id)
    if creator is None or creator.role is not Role.CREATOR or not creator.is_verified:
        raise NotCreator(field="creator")
    merchant_id = cast(UUID, by.party_id)
    db.session.execute(select(Party.id).where(Party.id == merchant_id).with_for_update())
    kept = visible_to(by).where(Shortlisted.creator_id == creator_id)
    if db.session.scalar(kept) is None:
        n = db.session.scalar(select(func.count()).where(Shortlisted.merchant_id == merchant_id)) or 0
        if n >= MOST:
            raise ShortlistFull(most=MOST)
    row = insert(Shortlisted).values(
        merchant_id=merchant_id, creator_id=creator_id, note=note or "", added_by=by.person_id
    )
    key = ["merchant_id", "creator_id"]
    if note is None:
        db.session.execute(row.on_conflict_do_nothing(index_elements=key))
    else:
        db.session.execute(row.on_conflict_do_update(index_elements=key, set_={"note": note}))
    return find(creator_id, by)


def drop(creator_id: UUID, *, by: Actor) -> None:
    """Off the list; harmless when it is not there."""
    own = (Shortlisted.merchant_id == by.party_id, Shortlisted.creator_id == creator_id)
    db.session.execute(delete(Shortlisted).where(*own))


@dataclass(frozen=True)
class Sent:
    """One creator of several: the invitation, or why there is none."""

    creator_id: UUID
    invitation: Invitation | None
    refused: str = ""


def invite_all(task_id: UUID, creator_ids: Iterable[UUID], message: str, *, by: Actor) -> list[Sent]:
    """Ask several creators to bid on one brief, each in a transaction of its own: who cannot be asked keeps nobody else from
    it. Opens them itself."""
    sent = []
    for creator_id in dict.fromkeys(creator_ids):
        try:
            with transaction():
                invitation = invitations.invite(task_id, creator_id, message=message, by=by)
            sent.append(Sent(creator_id, invitation))
        except NotFound:
            raise
        except Refusal as refusal:
            sent.append(Sent(creator_id, None, refusal.detail()))
    return sent
