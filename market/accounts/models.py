"""People, parties, memberships, sign-ins, keys, verification, and remembered answers."""

import re
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from market.accounts.actor import RIGHTS, Actor, Right, Role
from market.kit.db import Base, Row, belongs_to
from market.kit.states import move


class Person(Row, Base):
    """Somebody who signs in."""

    __tablename__ = "people"

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    locale: Mapped[str] = mapped_column(default="zh")
    suspended_at: Mapped[datetime | None]
    autoplay: Mapped[bool] = mapped_column(default=True)
    """Whether films may start by themselves, silently, where the line costs nothing."""

    memberships: Mapped[list["Membership"]] = relationship(back_populates="person", order_by="Membership.id")

    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)


class Verification(StrEnum):
    UNVERIFIED = "unverified"
    PENDING = "pending"
    VERIFIED = "verified"
    REFUSED = "refused"


VERIFICATION_MOVES = {
    Verification.UNVERIFIED: {Verification.PENDING},
    Verification.PENDING: {Verification.VERIFIED, Verification.REFUSED},
    Verification.REFUSED: {Verification.PENDING},
    Verification.VERIFIED: {Verification.REFUSED},
}


class Party(Row, Base):
    """Whom a person acts for: a shop, a creator, an agency, a viewer, the platform's operations."""

    __tablename__ = "parties"

    role: Mapped[Role]
    name: Mapped[str]
    handle: Mapped[str] = mapped_column(unique=True)
    city: Mapped[str] = mapped_column(default="")
    bio: Mapped[str] = mapped_column(default="")
    verification: Mapped[Verification] = mapped_column(default=Verification.UNVERIFIED)
    claim: Mapped[dict[str, Any]] = mapped_column(default=dict)
    verification_reason: Mapped[str] = mapped_column(default="")

    __table_args__ = (
        Index("ix_parties_pending", "id", postgresql_where=text("verification = 'pending'")),
        Index("ix_parties_role", "role", "id"),
    )

    @property
    def is_company(self) -> bool:
        """As claimed and verified; everybody else is a person."""
        return self.is_verified and self.claim.get("kind") == "company"

    @property
    def is_verified(self) -> bool:
        return self.verification is Verification.VERIFIED

    def ask_verification(self, claim: dict[str, Any]) -> None:
        self.verification = move(self.verification, Verification.PENDING, VERIFICATION_MOVES)
        self.claim = claim
        self.verification_reason = ""

    def verify(self) -> None:
        self.verification = move(self.verification, Verification.VERIFIED, VERIFICATION_MOVES)

    def refuse_verification(self, reason: str) -> None:
        self.verification = move(self.verification, Verification.REFUSED, VERIFICATION_MOVES)
        self.verification_reason = reason


class Membership(Row, Base):
    """A person may act for a party, with these rights."""

    __tablename__ = "memberships"

    person_id: Mapped[UUID] = belongs_to("people", index=False)
    party_id: Mapped[UUID] = belongs_to("parties")
    rights: Mapped[list[str]] = mapped_column(ARRAY(String))

    person: Mapped[Person] = relationship(back_populates="memberships")
    party: Mapped[Party] = relationship(lazy="joined")

    __table_args__ = (UniqueConstraint("person_id", "party_id"),)

    def actor(self) -> Actor:
        """The actor this membership makes; rights the role no longer has fall away."""
        return actor_of(self.person_id, self.party_id, self.rights, self.party.role, self.party.verification)


def actor_of(
    person_id: UUID, party_id: UUID, rights: Iterable[str], role: Role, verification: Verification
) -> Actor:
    """The actor a membership makes, from its plain values."""
    held = frozenset(map(Right, rights)) & RIGHTS[role]
    return Actor(person_id, party_id, role, held, verification is Verification.VERIFIED)


class SignIn(Row, Base):
    """A browser that is signed in; deleting or ending the row ends it at once. The cookie holds the token."""

    __tablename__ = "sign_ins"

    person_id: Mapped[UUID] = belongs_to("people")
    token_sha256: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    user_agent: Mapped[str] = mapped_column(default="")


class ApiKey(Row, Base):
    """A key for /api/v1, acting for one party. Only its hash is stored; it is shown once."""

    __tablename__ = "api_keys"

    person_id: Mapped[UUID] = belongs_to("people")
    party_id: Mapped[UUID] = belongs_to("parties")
    label: Mapped[str] = mapped_column(default="")
    key_sha256: Mapped[bytes] = mapped_column(unique=True)
    last_four: Mapped[str]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class RememberedAnswer(Base):
    """The answer to a request with an Idempotency-Key, written in the transaction of its effect."""

    __tablename__ = "remembered_answers"

    party_id: Mapped[UUID] = mapped_column(primary_key=True)
    """Without a foreign key, which would lock the party's row for every answer; the row is thrown away soon."""
    key: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    request_sha256: Mapped[bytes]
    status: Mapped[int | None]
    content_type: Mapped[str | None]
    location: Mapped[str | None]
    body: Mapped[bytes | None]

    __table_args__ = (
        Index(
            "ix_remembered_answers_created_at", "created_at", postgresql_using="brin"
        ),  # written in its order
    )


def handle_of(name: str, key: UUID) -> str:
    """A readable, unique handle for a page address: the name's letters and the key's tail."""
    letters = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24]
    return "-".join(part for part in (letters, key.hex[-8:]) if part)
