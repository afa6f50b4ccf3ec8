"""What points at a file, found in the tables themselves: nobody above needs to be asked.

A column that holds assets says so and in which words: `belongs_to("assets", info=holds(N_("…")))`, or the same `info`
on an array of ids or on JSON that holds public ids.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, Uuid, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, JSONPATH, array
from sqlalchemy.schema import Column

from market.kit import ids
from market.kit.db import Base, db
from market.kit.words import N_
from market.media.models import Asset, AssetShare, AssetState, MediaJob

HOLDS = "holds_assets"
OWN = {AssetShare.__tablename__, MediaJob.__tablename__}
"""They go with the file."""
IN_THE_MAKING = N_("正在制作的成片")


def holds(words: str) -> dict[str, str]:
    """`info` of a column that points at files; `words` say what that column is about."""
    return {HOLDS: words}


def holders() -> list["Column[Any]"]:
    """Every column that points at files, in the order of the tables' names."""
    columns = [
        column
        for table in sorted(Base.metadata.tables.values(), key=lambda each: each.name)
        for column in table.columns
        if table.name not in OWN
    ]
    return [column for column in columns if HOLDS in column.info or _is_key(column)]


def _is_key(column: "Column[Any]") -> bool:
    return any(key.target_fullname == "assets.id" for key in column.foreign_keys)


def uses(asset: Asset) -> list[str]:
    """What this file is used by, each thing once, as text to translate. Asked with the asset locked, it stays true."""
    asked = {column: _points(column, asset.id) for column in holders()}
    found = [
        column.info[HOLDS]
        for column, points in asked.items()
        if db.session.scalar(select(select(column.table).where(points).exists()))
    ]
    if db.session.scalar(select(_is_cut_from(asset))):
        found.append(IN_THE_MAKING)
    return list(dict.fromkeys(found))


def _points(column: "Column[Any]", asset_id: UUID) -> ColumnElement[bool]:
    if isinstance(column.type, JSONB):
        named = func.jsonb_build_object("id", ids.encode("ast", asset_id))
        return func.jsonb_path_exists(column, cast(literal("$.** ? (@ == $id)"), JSONPATH()), named)
    if isinstance(column.type, ARRAY):
        return column.contains(cast(array([asset_id]), ARRAY(Uuid())))
    return column == asset_id


def _is_cut_from(asset: Asset) -> ColumnElement[bool]:
    """Whether a film that is not finished yet is made of this one: the edit in its row names files by their token."""
    return (
        select(Asset.id)
        .where(
            Asset.owner_id == asset.owner_id,
            Asset.id != asset.id,
            Asset.state.in_((AssetState.UPLOADED, AssetState.PROCESSING)),
            Asset.options.has_key("edit"),
            cast(Asset.options, Text).contains(asset.token, autoescape=True),
        )
        .exists()
    )
