"""What a run of the rush chose from, kept beside it: ranking ten thousand briefs takes minutes, choosing anew takes seconds.

Ids in rows, pairs of them as numbers of those rows, and the programme's prices in the same order.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from market.planning.batch import Flags, Floats, Ints, Market, Prices


class Pair(NamedTuple):
    """A brief and a creator who could do it."""

    task_id: UUID
    creator_id: UUID
    value: float
    price_fen: int


@dataclass(frozen=True)
class Now:
    """What may be promised at this moment: open briefs with their merchant and budget, free slots, and agencies."""

    briefs: dict[UUID, tuple[UUID, int]]
    free: dict[UUID, int]
    houses: dict[UUID, UUID]


@dataclass(frozen=True)
class Candidates:
    briefs: list[UUID]
    creators: list[UUID]
    merchants: list[UUID]
    agencies: list[UUID]
    brief: Ints
    creator: Ints
    value: Floats
    price: Ints

    @classmethod
    def of(cls, pairs: Sequence[Pair], now: Now) -> Self:
        creators = _numbered(pair.creator_id for pair in pairs)
        briefs = _numbered(now.briefs)
        return cls(
            briefs=list(briefs),
            creators=list(creators),
            merchants=list(_numbered(merchant for merchant, _fen in now.briefs.values())),
            agencies=list(_numbered(now.houses[id] for id in creators if id in now.houses)),
            brief=np.array([briefs[pair.task_id] for pair in pairs], dtype=np.int64),
            creator=np.array([creators[pair.creator_id] for pair in pairs], dtype=np.int64),
            value=np.array([pair.value for pair in pairs], dtype=np.float64),
            price=np.array([pair.price_fen for pair in pairs], dtype=np.int64),
        )

    def market(self, now: Now, agency_bps: int) -> Market:
        """These pairs within what may be promised now; who is in an agency that was not known then stands alone. An agency
        may fill `agency_bps` of its creators' free slots, one at least."""
        houses, merchants = _numbered(self.agencies), _numbered(self.merchants)
        slots = np.array([now.free.get(id, 0) for id in self.creators], dtype=np.int64)
        agency = np.array(
            [houses.get(now.houses[id], -1) if id in now.houses else -1 for id in self.creators], np.int64
        )
        open_ = [now.briefs.get(id) for id in self.briefs]
        merchant, budget = np.zeros(len(open_), dtype=np.int64), np.zeros(len(merchants), dtype=np.int64)
        for at, known in enumerate(open_):
            if known:
                merchant[at] = merchants[known[0]]
                budget[merchant[at]] += known[1]
        theirs = np.bincount(agency[agency >= 0], slots[agency >= 0], len(houses))
        return Market(
            brief=self.brief,
            creator=self.creator,
            value=self.value,
            price=self.price,
            need=np.array([known is not None for known in open_], dtype=np.int64),
            slots=slots,
            agency=agency,
            cap=np.maximum(1, np.ceil(theirs * agency_bps / 10_000)).astype(np.int64),
            merchant=merchant,
            budget=budget,
        )

    def pairs(self, which: Flags) -> list[Pair]:
        return [
            Pair(self.briefs[b], self.creators[c], float(v), int(p))
            for b, c, v, p in zip(
                self.brief[which], self.creator[which], self.value[which], self.price[which], strict=True
            )
        ]

    def among(self, pairs: Iterable[tuple[UUID, UUID]]) -> Flags:
        """Which of the candidates are these pairs of brief and creator."""
        briefs, creators = _numbered(self.briefs), _numbered(self.creators)
        known = [(briefs[b], creators[c]) for b, c in pairs if b in briefs and c in creators]
        numbers = [brief * len(creators) + creator for brief, creator in known]
        return np.isin(self.brief * len(creators) + self.creator, np.array(numbers, dtype=np.int64))

    def packed(self, prices: Prices) -> bytes:
        file = io.BytesIO()
        np.savez_compressed(
            file,
            briefs=_bytes(self.briefs),
            creators=_bytes(self.creators),
            merchants=_bytes(self.merchants),
            agencies=_bytes(self.agencies),
            brief=self.brief.astype(np.int32),
            creator=self.creator.astype(np.int32),
            value=self.value.astype(np.float32),
            price=self.price,
            need=prices.need,
            slots=prices.slots,
            cap=prices.cap,
            budget=prices.budget,
        )
        return file.getvalue()

    @classmethod
    def unpacked(cls, packed: bytes) -> tuple[Self, Prices]:
        with np.load(io.BytesIO(packed), allow_pickle=False) as kept:
            found = cls(
                briefs=_ids(kept["briefs"]),
                creators=_ids(kept["creators"]),
                merchants=_ids(kept["merchants"]),
                agencies=_ids(kept["agencies"]),
                brief=kept["brief"].astype(np.int64),
                creator=kept["creator"].astype(np.int64),
                value=kept["value"].astype(np.float64),
                price=kept["price"],
            )
            return found, Prices(kept["need"], kept["slots"], kept["cap"], kept["budget"])


def _numbered(ids: Iterable[UUID]) -> dict[UUID, int]:
    return {id: at for at, id in enumerate(dict.fromkeys(ids))}


def _bytes(ids: Sequence[UUID]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(id.bytes for id in ids), dtype=np.uint8)


def _ids(stored: NDArray[np.uint8]) -> list[UUID]:
    whole = stored.tobytes()
    return [UUID(bytes=whole[at : at + 16]) for at in range(0, len(whole), 16)]
