"""What the cards of templates/partials/cards.html read, for many things at once: a few queries, never one per card."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from market.accounts.actor import Actor, Role
from market.accounts.models import Party
from market.accounts.queries import parties
from market.creators.queries import profiles
from market.feed.models import Post
from market.kit.ids import encode
from market.live import queries as live
from market.live.models import Programme
from market.media.models import Asset
from market.media.queries import assets
from market.publication.text import paragraphs
from market.shops import queries as shops
from market.shops.models import Product
from market.video import queries as video
from market.video.kinds import kind_name
from market.video.labels import label_name
from market.video.models import Video

Card = dict[str, Any]


def homes(names: Mapping[UUID, Party]) -> dict[UUID, str]:
    """The public page of each party that has one; a creator has one with a profile, once verified."""
    made = profiles(key for key, party in names.items() if party.role is Role.CREATOR)
    pages = {}
    for key, party in names.items():
        folder = {Role.CREATOR: "c", Role.MERCHANT: "shops"}.get(party.role)
        if folder and (party.role is not Role.CREATOR or (key in made and party.is_verified)):
            pages[key] = f"/{folder}/{party.handle}"
    return pages


def name_of(party: Party | None) -> str:
    return party.name if party else ""


def video_cards(entries: Sequence[Video]) -> list[Card]:
    names = parties([v.creator_id for v in entries] + [v.merchant_id for v in entries])
    pages = homes(names)
    films = assets([v.asset_id for v in entries])
    goods = _goods(v.product_ids for v in entries)
    return [
        {
            "id": entry.id,
            "href": f"/v/{encode('vid', entry.id)}",
            "title": entry.title,
            "kind": kind_name(entry.kind),
            "paid": entry.is_paid,
            "label": label_name(entry.label),
            "poster": _poster(films.get(entry.asset_id)),
            "hls": films[entry.asset_id].hls_url if entry.asset_id in films else "",
            "preview": _preview(films.get(entry.asset_id)),
            "captions": films[entry.asset_id].captions_url if entry.asset_id in films else "",
            "length_s": _seconds(films.get(entry.asset_id)),
            "creator": name_of(names.get(entry.creator_id)),
            "creator_href": pages.get(entry.creator_id, ""),
            "merchant": name_of(names.get(entry.merchant_id)) if entry.is_paid and entry.merchant_id else "",
            "product": next((goods[key].title for key in entry.product_ids if key in goods), ""),
            "product_href": next(
                (f"/p/{encode('prd', key)}" for key in entry.product_ids if key in goods), ""
            ),
        }
        for entry in entries
    ]


def product_cards(entries: Sequence[Product]) -> list[Card]:
    """`video` is the badge: the product has one on the shelf."""
    names = parties([p.merchant_id for p in entries])
    pages = homes(names)
    heads = video.for_products([p.id for p in entries])
    pictures = assets([p.image_ids[0] for p in entries if p.image_ids])
    films = assets([head.asset_id for head in heads.values()])
    cards = []
    for entry in entries:
        picture = pictures.get(entry.image_ids[0]) if entry.image_ids else None
        head = heads.get(entry.id)
        cards.append(
            {
                "id": entry.id,
                "href": f"/p/{encode('prd', entry.id)}",
                "title": entry.title,
                # Without a picture of its own, a product shows the poster of its video.
                "image": _poster(picture) or (_poster(films.get(head.asset_id)) if head else ""),
                "price_fen": entry.price_fen,
                "stock": entry.stock,
                "shop": name_of(names.get(entry.merchant_id)),
                "shop_href": pages.get(entry.merchant_id, ""),
                "video": head is not None,
                "label": label_name(head.label) if head else "",
                "video_href": f"/v/{encode('vid', head.id)}" if head else "",
                "video_id": head.id if head else None,
                "preview": _preview(films.get(head.asset_id)) if head else "",
            }
        )
    return cards


def post_cards(entries: Sequence[Post]) -> list[Card]:
    names = parties([p.author_id for p in entries] + [p.merchant_id for p in entries])
    pages = homes(names)
    pictures = assets([p.image_ids[0] for p in entries if p.image_ids])
    return [
        {
            "id": entry.id,
            "href": f"/posts/{encode('pst', entry.id)}",
            "title": entry.title,
            "excerpt": _excerpt(entry.body),
            "cover": _poster(pictures.get(entry.image_ids[0])) if entry.image_ids else "",
            "author": name_of(names.get(entry.author_id)),
            "author_href": pages.get(entry.author_id, ""),
            "merchant": name_of(names.get(entry.merchant_id)) if entry.merchant_id else "",
            "at": entry.published_at,
        }
        for entry in entries
    ]


def live_cards(entries: Sequence[Programme], actor: Actor | None = None) -> list[Card]:
    names = parties([s.creator_id for s in entries] + [s.merchant_id for s in entries])
    pages = homes(names)
    pictures = assets([s.cover_id for s in entries])
    wanted = live.reminded(actor, [s.id for s in entries])
    return [
        {
            "id": entry.id,
            "href": f"/live/{encode('liv', entry.id)}",
            "title": entry.title,
            "cover": _poster(pictures.get(entry.cover_id)) if entry.cover_id else "",
            "starts_at": entry.starts_at,
            "ends_at": entry.ends_at,
            "is_now": entry.is_now,
            "is_coming": entry.is_coming,
            # Nothing is broadcast yet: a show whose time has come is "now", never "on air".
            "on_air": False,
            "host": name_of(names.get(entry.creator_id)),
            "host_href": pages.get(entry.creator_id, ""),
            "merchant": name_of(names.get(entry.merchant_id)) if entry.merchant_id else "",
            "reminded": entry.id in wanted,
        }
        for entry in entries
    ]


def _excerpt(body: str) -> str:
    """How a post begins, without its marks."""
    lines = [line for block in paragraphs(body) if block.kind != "heading" for line in block.lines]
    return " ".join(" ".join(lines).split())[:90]


def _goods(lists: Iterable[Collection[UUID]]) -> dict[UUID, Product]:
    return {product.id: product for product in shops.shown(key for ids in lists for key in ids)}


def _poster(asset: Asset | None) -> str:
    return asset.poster_url if asset and asset.is_ready else ""


def _preview(asset: Asset | None) -> str:
    """Three silent seconds of a film."""
    return asset.preview_url if asset and asset.is_ready else ""


def _seconds(asset: Asset | None) -> float | None:
    return asset.duration_ms / 1000 if asset and asset.duration_ms else None
