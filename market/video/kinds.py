"""The three kinds of film in one table: what each must be, whose it is, and where it may stand.

Every surface asks here (`at`). A kind is given where the film is made and never changes. All films are square: the
renderer cuts them (media), so no kind has a rule of its own about the shape.
"""

from dataclasses import dataclass
from enum import StrEnum

from market.kit.words import N_, say


class FilmKind(StrEnum):
    """Stored by its value."""

    PRODUCT = "product"
    """A merchant's own film about his own products."""
    CONTENT = "content"
    """Work accepted and paid under an order."""
    UGC = "ugc"
    """A creator's own film about somebody's product, without an order."""


class Place(StrEnum):
    HEAD = "head"
    """A product's head with its badge and label, and the films below the head."""
    VIEWERS = "viewers"
    """A section of its own on the product page, for what its author agreed to and the merchant chose."""
    HOME = "home"
    """The square, the start page, what to watch next."""
    VENUE = "venue"
    COLLECTION = "collection"
    RED_LIST = "red_list"
    """Scored at all: the red list and the warnings."""


class Rights(StrEnum):
    MERCHANT = "merchant"
    """The merchant's, for good; he takes it down when he likes."""
    ORDER = "order"
    """Bought with the order, for its term: a timer takes the film off at the end (publication.expire)."""
    AUTHOR = "author"
    """Stays the author's, who takes it down at any time; on a product page only with his consent."""


@dataclass(frozen=True)
class Terms:
    """Rules, rights and placement of a kind; lengths in milliseconds, None where the brief says what is wanted."""

    name: str
    least_ms: int | None
    most_ms: int | None
    most_products: int | None
    rights: Rights
    places: frozenset[Place]

    @property
    def is_paid(self) -> bool:
        """Marked as paid work wherever it is named."""
        return self.rights is Rights.ORDER


_OURS = frozenset({Place.HEAD, Place.HOME, Place.VENUE, Place.COLLECTION, Place.RED_LIST})

KINDS: dict[FilmKind, Terms] = {
    FilmKind.PRODUCT: Terms(N_("商品视频"), 3_000, 60_000, 6, Rights.MERCHANT, _OURS),
    FilmKind.CONTENT: Terms(N_("内容视频"), None, None, None, Rights.ORDER, _OURS),
    FilmKind.UGC: Terms(N_("用户视频"), 3_000, 60_000, 1, Rights.AUTHOR, frozenset({Place.VIEWERS})),
}


def at(place: Place) -> list[FilmKind]:
    """The kinds that may stand there."""
    return [kind for kind, terms in KINDS.items() if place in terms.places]


def kind_name(kind: FilmKind) -> str:
    """In the reader's language."""
    return say(KINDS[kind].name)
