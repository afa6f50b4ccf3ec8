"""The actor: a person acting for a party with rights. Every service and query takes one."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    MERCHANT = "merchant"
    CREATOR = "creator"
    AGENCY = "agency"
    VIEWER = "viewer"
    OPERATOR = "operator"


class Right(StrEnum):
    """What a member may do in the party's name; teams hand out parts of these."""

    BRIEF = "brief"  # write and open briefs, invite, award
    PAY = "pay"  # spend the party's money
    ACCEPT = "accept"  # review and accept deliveries
    SELL = "sell"  # the shop's products
    BID = "bid"
    DELIVER = "deliver"
    CASH = "cash"  # see and withdraw earnings
    ROSTER = "roster"
    TALK = "talk"  # messages
    FOLLOW = "follow"
    VERIFY = "verify"  # operators: providers
    COMPOSE = "compose"  # operators: venue pages
    RECONCILE = "reconcile"  # operators: money
    RUN = "run"  # operators: queues and timers


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.MERCHANT: frozenset({Right.BRIEF, Right.PAY, Right.ACCEPT, Right.SELL, Right.TALK, Right.FOLLOW}),
    Role.CREATOR: frozenset({Right.BID, Right.DELIVER, Right.CASH, Right.TALK, Right.FOLLOW}),
    Role.AGENCY: frozenset({Right.BID, Right.ROSTER, Right.CASH, Right.TALK, Right.FOLLOW}),
    Role.VIEWER: frozenset({Right.FOLLOW}),
    Role.OPERATOR: frozenset({Right.VERIFY, Right.COMPOSE, Right.RECONCILE, Right.RUN}),
}
"""What the owner of a party of this role may do: all of it."""


@dataclass(frozen=True)
class Actor:
    """A person acting for a party. `party_id` None is the platform itself (timers, listeners)."""

    person_id: UUID | None
    party_id: UUID | None
    role: Role
    rights: frozenset[Right] = field(default_factory=frozenset)
    verified: bool = False

    def may(self, right: Right) -> bool:
        return right in self.rights

    def is_party(self, *party_ids: UUID | None) -> bool:
        """Whether the actor acts for one of these parties."""
        return self.party_id is not None and self.party_id in party_ids

    @property
    def is_operator(self) -> bool:
        return self.role is Role.OPERATOR


SYSTEM = Actor(person_id=None, party_id=None, role=Role.OPERATOR, rights=frozenset(Right), verified=True)
"""Acts in timers and listeners; stands in the timeline as the platform."""
