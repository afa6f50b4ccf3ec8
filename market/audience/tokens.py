"""Two small signed texts on a page: whose visit it is, and what stands where. Together they make one countable view.

The visit is the same for one viewer within half an hour, so a reload or a second tab is not a second view. The placement
knows no viewer, so a page may be kept and given to everybody.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

VISIT_S = 30 * 60
LIFE_S = 24 * 3600
"""A page left open counts for this long."""
MAC = 12
_NOBODY = bytes(16)


class Kind(StrEnum):
    VIDEO = "video"
    POST = "post"


class Surface(StrEnum):
    """Where it was seen."""

    DISCOVER = "discover"
    PLAYER = "player"
    PRODUCT = "product"
    SHOP = "shop"
    VENUE = "venue"
    FEED = "feed"
    POST = "post"
    CREATOR = "creator"
    COLLECTION = "collection"
    HOME = "home"
    OTHER = "other"


KINDS, SURFACES = tuple(Kind), tuple(Surface)
"""Their places in these are in tokens on pages that are open now: add at the end only."""


@dataclass(frozen=True)
class Visit:
    """One viewer's half hour. `number` is what views are told apart by; `person_id` when somebody is signed in."""

    number: int
    issued_at: int
    person_id: UUID | None


@dataclass(frozen=True)
class Placement:
    """A work on a surface."""

    kind: Kind
    surface: Surface
    entry_id: UUID


class BadToken(ValueError):
    """Not one of ours, or too old."""


def visit_token(viewer: str, person_id: UUID | None, at: float, secret: str) -> str:
    """`viewer` is anything that stays the same for one person in one browser."""
    issued = int(at)
    number = _mac(secret, f"{viewer}:{issued // VISIT_S}".encode())[:8]
    return _write(
        secret, b"v" + struct.pack(">I", issued) + number + (person_id.bytes if person_id else _NOBODY)
    )


def read_visit(token: str, at: float, secret: str) -> Visit:
    """Raises BadToken."""
    body = _read(secret, token, b"v", 29)
    issued, number = struct.unpack_from(">Iq", body, 1)
    if not issued - 60 <= at <= issued + LIFE_S:
        raise BadToken("too old")
    person = body[13:]
    return Visit(number, issued, None if person == _NOBODY else UUID(bytes=person))


@lru_cache(4096)
def placement_token(kind: Kind, surface: Surface, entry_id: UUID, secret: str) -> str:
    where = bytes([KINDS.index(kind), SURFACES.index(surface)])
    return _write(secret, b"p" + where + entry_id.bytes)


def read_placement(token: str, secret: str) -> Placement:
    """Raises BadToken."""
    body = _read(secret, token, b"p", 19)
    return Placement(KINDS[body[1]], SURFACES[body[2]], UUID(bytes=body[3:]))


def _mac(secret: str, body: bytes) -> bytes:
    return hmac.digest(secret.encode(), b"audience:" + body, hashlib.sha256)


def _write(secret: str, body: bytes) -> str:
    return base64.urlsafe_b64encode(body + _mac(secret, body)[:MAC]).rstrip(b"=").decode()


def _read(secret: str, token: str, mark: bytes, length: int) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError) as wrong:
        raise BadToken("not base64") from wrong
    body, mac = raw[:-MAC], raw[-MAC:]
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != token.encode():
        raise BadToken("spare bits are used")
    if len(body) != length or body[:1] != mark or not hmac.compare_digest(mac, _mac(secret, body)[:MAC]):
        raise BadToken("not ours")
    return body
