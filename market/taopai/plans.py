"""What is filmed shot after shot: templates by goods category. The house's stand in shots.toml, operators' in a table."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields, post_load, pre_load, validates, validates_schema

from market.accounts.vocabulary import CATEGORIES
from market.kit.schemas import Choice, Rows, Schema, Text, TypedRows, Whole
from market.kit.words import N_, _
from market.media import letters
from market.media.tracks import TRACKS
from market.taopai.schemas import check_signs

KEY = "[a-z0-9][a-z0-9-]{0,39}"
"""What the key of a template looks like; it stands in addresses."""
MOST_SHOTS = 10
LONGEST_SHOT_S = 30
LONGEST_S = 60
SHORTEST_S = 3
GUIDES = {
    "none": N_("没有引导线"),
    "thirds": N_("九宫格"),
    "product": N_("商品：居中的圆"),
    "face": N_("人脸：椭圆"),
    "person": N_("全身：竖框"),
    "hands": N_("双手：下半部的框"),
    "table": N_("桌面：水平线"),
}
"""The drawings over the picture while it is filmed."""
TEXT_SIZE, TEXT_AT = "medium", (5000, 1500)
"""How and where the text of a shot stands in the film; the editor moves it."""


class ShotSchema(Schema):
    """One shot: how long, what to film, what stands over it."""

    label = Text(least=1, most=20, required=True)
    label_en = Text(most=40, load_default="", metadata={"description": "for readers of English"})
    hint = Text(most=80, load_default="", metadata={"description": "what to do, read while filming"})
    hint_en = Text(most=160, load_default="")
    seconds = Whole(least=1, most=LONGEST_SHOT_S, required=True)
    guide = Choice(
        list(GUIDES), load_default="thirds", metadata={"description": "the drawing over the picture"}
    )
    text = Text(most=40, load_default="", metadata={"description": "becomes part of the picture"})
    optional = fields.Boolean(load_default=False, metadata={"description": "the film can do without it"})

    @validates("text")
    def check_text(self, text: str, **_kwargs: Any) -> None:
        check_signs(text)
        if letters.width(text, TEXT_SIZE) > letters.WIDEST:
            raise ValidationError(_("这一行太宽，画面放不下。请换行，或选小一号的字。"))


class ShotPlanSchema(Schema):
    """A template: its shots in their order, and the music under the film."""

    name = Text(least=1, most=20, required=True)
    name_en = Text(most=40, load_default="")
    category = Choice(
        ["", *CATEGORIES], load_default="", metadata={"description": "of goods; empty for all of them"}
    )
    music = Choice(["", *TRACKS], load_default="", metadata={"description": "a track of GET /music, or none"})
    is_offered = fields.Boolean(load_default=True, metadata={"description": "false: nobody sees it any more"})
    shots = Rows(ShotSchema, most=MOST_SHOTS, required=True)

    @validates_schema
    def check_length(self, plan: dict[str, Any], **_kwargs: Any) -> None:
        shots = plan["shots"]
        if not any(not shot["optional"] for shot in shots):
            raise ValidationError(_("至少要有一个必拍的镜头。"), "shots")
        long = sum(shot["seconds"] for shot in shots)
        if not SHORTEST_S <= long <= LONGEST_S:
            raise ValidationError(
                _("全部镜头合计 %(s)s 秒，须在 %(least)s 到 %(most)s 秒之间。", s=long, least=SHORTEST_S, most=LONGEST_S),
                "shots",
            )  # fmt: skip


class ShotFormSchema(ShotSchema):
    """A row of the operator's form; one without a label is dropped."""

    label = Text(most=20, load_default="")
    seconds = Whole(least=1, most=LONGEST_SHOT_S, load_default=5)
    order = Whole(least=1, most=99, load_default=99)


class ShotPlanFormSchema(ShotPlanSchema):
    is_offered = fields.Boolean(load_default=False)
    shots = TypedRows(ShotFormSchema, most=MOST_SHOTS + 2, required=True)

    @pre_load
    def keep_labelled(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        rows = data.get("shots")
        if isinstance(rows, dict):
            kept = {at: row for at, row in rows.items() if isinstance(row, dict) and row.get("label")}
            return {**data, "shots": kept}
        return data

    @post_load
    def put_in_order(self, plan: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        shots = sorted(plan["shots"], key=lambda shot: shot["order"])
        return {**plan, "shots": [{k: v for k, v in shot.items() if k != "order"} for shot in shots]}


def bare(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan without the words that stand in the film."""
    return {**plan, "shots": [{**shot, "text": ""} for shot in plan["shots"]]}


def of_clips(clips: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """A plan with one shot for each clip of an edit list, as long as it is. None for what cannot be a template."""
    shots = [
        {
            "label": f"镜头 {number}",
            "label_en": f"Shot {number}",
            "seconds": max(1, round((clip["out_ms"] - clip["in_ms"]) / 1000)),
        }
        for number, clip in enumerate(clips, start=1)
    ]
    try:
        plan: dict[str, Any] = ShotPlanSchema().load(
            {"name": "同款结构", "name_en": "The same structure", "shots": shots}
        )
    except ValidationError:
        return None
    return plan


@cache
def house() -> Mapping[str, dict[str, Any]]:
    """The house's own templates by key, checked like everybody's."""
    read = tomllib.loads((Path(__file__).parent / "shots.toml").read_text(encoding="utf-8"))
    return {key: ShotPlanSchema().load(plan) for key, plan in read.items()}


def told(plan: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Names, labels and hints in the reader's language; the Chinese where there is no English."""

    def words(of: Mapping[str, Any], name: str) -> str:
        return str((of.get(f"{name}_en") if language == "en" else "") or of[name])

    shots = [{**shot, "label": words(shot, "label"), "hint": words(shot, "hint")} for shot in plan["shots"]]
    return {**plan, "name": words(plan, "name"), "shots": shots}
