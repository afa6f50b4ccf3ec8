"""Files beside what is said in a case: pictures, papers and films, seen by the order's parties and the operators."""

from collections.abc import Sequence
from uuid import UUID

from market.accounts.actor import Actor
from market.disputes.errors import EvidenceArriving, EvidenceFull, EvidenceMissing, EvidenceRefused
from market.disputes.models import CaseEntry, CaseFile, Dispute
from market.kit.db import db
from market.media import queries as assets
from market.media import service as media
from market.media.errors import AssetNotFound
from market.media.models import Asset, AssetState
from market.media.reasons import sentence
from market.orders.models import Order

MOST_AT_ONCE = 10
MOST_OF_PARTY = 40
FIELD = "asset_ids"


def attach(
    order: Order, case: Dispute, entry: CaseEntry | None, asset_ids: Sequence[UUID], by: Actor
) -> None:
    """Put files of the speaker's own beside an entry (None: the claim) of the (locked) order's case.

    A film may still be in work; what is in the case already stays where it stands.
    Raises EvidenceMissing, EvidenceArriving, EvidenceRefused, EvidenceFull, each at the field.
    """
    there = {file.asset_id for file in case.files}
    fresh = [asset_id for asset_id in dict.fromkeys(asset_ids) if asset_id not in there]
    if not fresh:
        return
    assert by.party_id is not None
    if sum(file.party_id == by.party_id for file in case.files) + len(fresh) > MOST_OF_PARTY:
        raise EvidenceFull(field=FIELD, most=MOST_OF_PARTY)
    for asset_id in fresh:
        asset = _usable(asset_id, by)
        db.session.add(
            CaseFile(
                dispute_id=case.id,
                entry_id=entry.id if entry else None,
                asset_id=asset.id,
                party_id=by.party_id,
            )
        )
        for party_id in order.parties:
            if party_id and party_id != by.party_id:
                media.share(asset.id, party_id)
    db.session.flush()
    db.session.refresh(case, ["files"])


def _usable(asset_id: UUID, by: Actor) -> Asset:
    try:
        asset = assets.to_attach(asset_id, by)
    except AssetNotFound as foreign:
        raise EvidenceMissing(field=FIELD) from foreign
    if asset.state is AssetState.UPLOADING:
        raise EvidenceArriving(field=FIELD, name=asset.filename)
    if asset.refusal_code:
        why = sentence(asset.refusal_code, asset.refusal_values)
        raise EvidenceRefused(field=FIELD, name=asset.filename, why=why)
    return asset
