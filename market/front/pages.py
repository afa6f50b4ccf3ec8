"""/ and /help for everybody; /styleguide for those who build the pages; whether the season dresses them."""

from typing import Any

from flask import Blueprint, current_app, render_template
from flask_babel import get_locale

from market.campaigns import known
from market.campaigns import queries as campaigns
from market.front import specimen
from market.kit.errors import NotFound
from market.kit.figures import figures
from market.publication.cards import video_cards
from market.video import queries as video

bp = Blueprint("front", __name__)


@bp.app_context_processor
def season_words() -> dict[str, Any]:
    def season_runs() -> bool:
        """Whether a phase of a season runs now: pages then wear its accent."""
        season = known.current_season()
        return season is not None and season.phase is not None

    return {"season_runs": season_runs}


@bp.get("/")
def home() -> Any:
    """Two doors, the newest films, and the season's venue."""
    return render_template("home.html", videos=video_cards(video.shelf(limit=6).data), venue=_teaser())


@bp.get("/help")
def help_page() -> Any:
    return render_template("help.html", figures=figures)


@bp.get("/styleguide")
def styleguide() -> Any:
    """Every macro with believable content. Not for the public."""
    if current_app.config["SETTINGS"].production:
        raise NotFound
    return render_template("styleguide.html", **specimen.everything())


def _teaser() -> dict[str, Any] | None:
    """The venue of the season that runs or comes next, when one is published and not over."""
    season = known.current_season()
    venue = campaigns.of_season(season.id) if season else None
    if season is None or venue is None or venue.is_over:
        return None
    return {
        "href": f"/venues/{venue.slug}",
        "title": venue.title,
        "text": venue.subtitle or season.name(str(get_locale())),
        "phase": season.phase.name if season.phase else "",
        "until": season.next_turn,
    }
