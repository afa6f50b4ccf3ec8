"""JSON: a store's collections."""

from typing import Any
from uuid import UUID

from market.accounts.edge import current_actor, require
from market.kit.api import OPEN_TO_ALL, ApiBlueprint, require_match
from market.kit.db import transaction
from market.kit.paging import Page
from market.kit.schemas import PublicId, Schema, page_schema
from market.playlists import policy, queries, service
from market.playlists.schemas import (
    CollectionChangeSchema,
    CollectionInSchema,
    CollectionSchema,
    FilmMarkSchema,
)

bp = ApiBlueprint("playlists", __name__, description="A store's collections of films")


class CollectionQuery(Schema):
    merchant_id = PublicId("pty", required=True)


@bp.get("/collections")
@bp.doc(security=OPEN_TO_ALL)
@bp.arguments(CollectionQuery, location="query")
@bp.response(200, page_schema(CollectionSchema))
def list_collections(query: dict[str, Any]) -> Page[dict[str, Any]]:
    """All of a store's; there are few, so there is one page."""
    found = queries.of_merchant(query["merchant_id"])
    return Page(_told(found), None)


@bp.post("/collections")
@bp.arguments(CollectionInSchema)
@bp.response(201, CollectionSchema)
def create_collection(data: dict[str, Any]) -> dict[str, Any]:
    actor = current_actor()
    require(policy.may_collect(actor))
    with transaction():
        collection = service.create(data["title"], by=actor)
    return _told([collection])[0]


@bp.get("/collections/<pid('col'):collection_id>")
@bp.doc(security=OPEN_TO_ALL)
@bp.response(200, CollectionSchema)
def get_collection(collection_id: UUID) -> dict[str, Any]:
    return _told([queries.find(collection_id)])[0]


@bp.patch("/collections/<pid('col'):collection_id>")
@bp.arguments(CollectionChangeSchema)
@bp.response(200, CollectionSchema)
def change_collection(data: dict[str, Any], collection_id: UUID) -> dict[str, Any]:
    """Needs If-Match. Title, films in their order, cover."""
    actor = current_actor()
    with transaction():
        collection = queries.find_own(collection_id, actor.party_id, lock=True)
        require(policy.may_change(actor, collection))
        require_match(CollectionSchema().dump(_told([collection])[0]))
        service.change(collection, data)
    return _told([collection])[0]


@bp.delete("/collections/<pid('col'):collection_id>")
@bp.response(204)
def delete_collection(collection_id: UUID) -> None:
    actor = current_actor()
    with transaction():
        collection = queries.find_own(collection_id, actor.party_id, lock=True)
        require(policy.may_change(actor, collection))
        service.remove(collection)


@bp.post("/collections/<pid('col'):collection_id>/films/<pid('vid'):video_id>/mark")
@bp.arguments(FilmMarkSchema)
@bp.response(200, CollectionSchema)
def mark_film(data: dict[str, Any], collection_id: UUID, video_id: UUID) -> dict[str, Any]:
    """Pin a film to the front, or leave it out; for the automatic ones too, where it outlives every filling."""
    actor = current_actor()
    with transaction():
        collection = queries.find_own(collection_id, actor.party_id, lock=True)
        require(policy.may_change(actor, collection))
        service.mark(collection, video_id, **data)
    return _told([collection])[0]


def _told(collections: Any) -> list[dict[str, Any]]:
    """A cover that was withdrawn is none: the first film stands for the collection, as on the pages."""
    held = {key: [film.id for film in films] for key, films in queries.films(collections).items()}
    columns = ("id", "merchant_id", "kind", "title")
    return [
        {
            **{name: getattr(each, name) for name in columns},
            "cover_id": each.cover_id if each.cover_id in held[each.id] else None,
            "video_ids": held[each.id],
        }
        for each in collections
    ]
