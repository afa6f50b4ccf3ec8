"""Pages for people who program against the API: its reference, and what each problem type means."""

from typing import Any

from flask import Blueprint, render_template

from market.kit.errors import NotFound, Refusal

bp = Blueprint("developers", __name__)


def refusals() -> dict[str, type[Refusal]]:
    """Every refusal by the slug that stands in a problem's `type`."""
    found: dict[str, type[Refusal]] = {}
    waiting = [Refusal]
    while waiting:
        each = waiting.pop()
        found[each.slug()] = each
        waiting.extend(each.__subclasses__())
    return dict(sorted(found.items()))


@bp.get("/developers/problems/<slug>")
def problem(slug: str) -> Any:
    kind = refusals().get(slug)
    if kind is None:
        raise NotFound
    return render_template("developers/problem.html", kind=kind, slug=slug)


@bp.get("/api/docs")
def docs() -> Any:
    return render_template("developers/docs.html")
