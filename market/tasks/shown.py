"""How a brief is shown: as a ticket in a list, and whole, with its products, target and stages."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from market.accounts.vocabulary import (
    AUDIENCE_NAMES,
    CATEGORIES,
    FORMATS,
    LENGTHS,
    audience_name,
    category_name,
    format_name,
    length_name,
    options,
)
from market.kit import ids
from market.kit.figures import figures
from market.kit.look import count
from market.kit.money import split
from market.kit.pages import whole_yuan
from market.kit.spans import span_name
from market.kit.words import _, joined, say
from market.media.queries import assets
from market.shops import queries as shops
from market.shops.models import Product
from market.tasks import queries, registry
from market.tasks.models import CHANNELS, Task
from market.tasks.schemas import HallForm, HallQuery


def card_of(task: Task, fit: registry.Fit | None = None, href: str | None = None) -> dict[str, Any]:
    """A brief as the ticket shows it."""
    return {
        "href": href or f"/t/{ids.encode('tsk', task.id)}",
        "title": task.title,
        "merchant": task.merchant.name,
        "format": task.format.value,
        "category": say(CATEGORIES.get(task.category, task.category)),
        "price_fen": task.budget_fen,
        "deadline": task.bids_close_at,
        "bids": None if task.sealed else task.bids,
        "fit": fit.score if fit else None,
        "why": fit.why if fit else "",
        "season": bool(task.campaign_code),
    }


def hall_asked(said: Mapping[str, Any]) -> dict[str, Any]:
    """The question to the hall in what a form said or a search kept; what was not asked is left out."""
    return {name: said[name] for name in HallQuery().load_fields if said.get(name)}


def hall_address(asked: Mapping[str, Any]) -> str:
    """The hall's page for a question; amounts stand in yuan there."""
    values = {name: value for name, value in HallForm().dump(hall_asked(asked)).items() if value}
    return "/tasks" + (f"?{urlencode(values)}" if values else "")


def hall_words(asked: Mapping[str, Any]) -> list[str]:
    """A question to the hall, piece by piece, in words."""
    said = []
    if words := asked.get("q"):
        said.append(words)
    if category := asked.get("category"):
        said.append(category_name(category))
    if format := asked.get("format"):
        said.append(format_name(format))
    if length := asked.get("length"):
        said.append(length_name(length))
    if campaign := asked.get("campaign_code"):
        said.append(registry.campaigns().get(campaign, campaign))
    if budget := asked.get("budget"):
        said.append(span_name(budget, whole_yuan))
    if least := asked.get("budget_min_fen"):
        said.append(_("报酬不低于 %(fen)s", fen=whole_yuan(least)))
    return said


def hall_choices(said: Mapping[str, Any]) -> dict[str, Any]:
    """What tasks/_hall_filters.html offers, each with the number of briefs behind it: `户外 · 12`; and the question that
    could be saved, with a name for it."""
    asked = hall_asked(said)
    counts = queries.facets(**asked)

    def counted(facet: str, names: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        return [(code, f"{name} · {count(counts[facet][code])}") for code, name in names]

    return {
        "categories": counted("category", options(CATEGORIES)),
        "formats": counted("format", options(FORMATS)),
        "lengths": counted("length", options(LENGTHS)),
        "campaigns": counted("campaign_code", registry.campaigns().items()),
        "budgets": counted("budget", ((band, span_name(band, whole_yuan)) for band in queries.BUDGETS)),
        "query": hall_address(asked).partition("?")[2],
        "suggested": joined(hall_words(asked), "，")[:40],
    }


def stages(budget_fen: int | None) -> list[dict[str, Any]]:
    """The default milestones of an order over this budget, exact in sum."""
    parts = [
        (_("脚本"), figures.milestone_script),
        (_("初稿"), figures.milestone_draft),
        (_("发布"), figures.milestone_published),
    ]
    amounts: list[int | None] = [None] * 3
    if budget_fen:
        amounts = list(split(budget_fen, [percent for _name, percent in parts]))
    return [
        {"name": name, "percent": percent, "fen": fen}
        for (name, percent), fen in zip(parts, amounts, strict=True)
    ]


def brief_context(task: Task) -> dict[str, Any]:
    """What tasks/_brief.html shows of a brief, to its merchant and to those who may bid."""
    products = shops.products(task.product_ids)
    pictures = assets([product.image_ids[0] for product in products if product.image_ids])
    return {
        "task": task,
        "products": [
            {
                "id": product.id,
                "title": product.title,
                "price_fen": product.price_fen,
                "href": f"/p/{public_id(product)}" if product.is_on_shelf else "",
                "image": picture_of(product, pictures),
            }
            for product in products
        ],
        "target": [
            (say(AUDIENCE_NAMES[part]), [audience_name(part, key) for key in keys])
            for part, keys in (task.audience or {}).items()
            if keys
        ],
        "channels": [say(CHANNELS[code]) for code in task.rights_channels or [] if code in CHANNELS],
        "campaign": registry.campaigns().get(task.campaign_code or "", task.campaign_code),
        "stages": stages(task.budget_fen),
    }


def picture_of(product: Product, pictures: dict[UUID, Any]) -> str:
    found = pictures.get(product.image_ids[0]) if product.image_ids else None
    return found.poster_url or "" if found and found.is_ready else ""


def public_id(product: Product) -> str:
    return ids.encode("prd", product.id)
