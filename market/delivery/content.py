"""Checking what is handed in against the order: the right kind, one's own ready files, the brief's products."""

from typing import Any
from uuid import UUID

from market.accounts.actor import Actor
from market.delivery.errors import (
    AssetNotReady,
    ForeignAsset,
    ForeignProduct,
    StartsInThePast,
    WrongAsset,
    WrongKind,
)
from market.delivery.hour import check_hour
from market.delivery.models import Kind
from market.kit import ids
from market.kit.clock import now
from market.kit.words import N_, say
from market.media import queries as assets
from market.media import service as media
from market.media.errors import AssetNotFound
from market.media.models import Asset
from market.media.models import Kind as AssetKind
from market.orders.models import Order
from market.orders.states import Stage

KIND_NAMES = {
    Kind.SCRIPT: N_("脚本"),
    Kind.ARTICLE: N_("图文"),
    Kind.VIDEO: N_("短视频"),
    Kind.LIVE: N_("直播方案"),
}
ASSET_NAMES = {AssetKind.VIDEO: N_("视频"), AssetKind.IMAGE: N_("图片")}


def wanted_kind(order: Order, stage: Stage) -> Kind:
    """What this stage of this order asks for."""
    return Kind.SCRIPT if stage is Stage.SCRIPT else Kind(order.format.value)


def checked(
    order: Order, stage: Stage, kind: Kind, given: dict[str, Any], by: Actor
) -> tuple[dict[str, Any], UUID | None]:
    """(content as plain JSON, main asset). Shares the files with the order's other parties. Raises the refusals
    of errors.py, each at its field."""
    wanted = wanted_kind(order, stage)
    if kind is not wanted:
        raise WrongKind(kind=say(KIND_NAMES[wanted]))
    if kind is Kind.SCRIPT:
        return {"text": given["text"]}, None
    content: dict[str, Any] = {"title": given["title"]}
    asset_id: UUID | None = given.get("asset_id")
    if given.get("publish_at"):
        check_hour(order, stage, given["publish_at"])
        content["publish_at"] = given["publish_at"].isoformat()
    content["product_ids"] = _products(order, given.get("product_ids") or [])
    if kind is Kind.ARTICLE:
        for image in given["image_ids"]:
            _asset(order, image, AssetKind.IMAGE, by, field="image_ids")
        content |= {
            "body": given["body"],
            "image_ids": [ids.encode("ast", image) for image in given["image_ids"]],
        }
        asset_id = given["image_ids"][0] if given["image_ids"] else None
    elif kind is Kind.VIDEO:
        _asset(order, given["asset_id"], AssetKind.VIDEO, by, field="asset_id")
        content["text"] = given["text"]
    else:
        if given["starts_at"] <= now():
            raise StartsInThePast(field="starts_at")
        _asset(order, given["asset_id"], AssetKind.IMAGE, by, field="asset_id")
        content |= {"rundown": given["rundown"], "starts_at": given["starts_at"].isoformat()}
    return content, asset_id


def _products(order: Order, wanted: list[UUID]) -> list[str]:
    """Those chosen, or all of the brief's."""
    listed: list[str] = order.terms["brief"]["product_ids"]
    chosen = [ids.encode("prd", product) for product in wanted]
    if not set(chosen) <= set(listed):
        raise ForeignProduct(field="product_ids")
    return chosen or listed


def _asset(order: Order, asset_id: UUID, kind: AssetKind, by: Actor, *, field: str) -> Asset:
    try:
        asset = assets.to_attach(asset_id, by)
    except AssetNotFound as foreign:
        raise ForeignAsset(field=field) from foreign
    if asset.kind is not kind:
        raise WrongAsset(field=field, kind=say(ASSET_NAMES[kind]))
    if not asset.is_ready:
        raise AssetNotReady(field=field)
    for party in (order.merchant_id, order.agency_id):
        if party:
            media.share(asset.id, party)
    return asset
