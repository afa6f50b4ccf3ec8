"""Finding people and parties."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, bindparam, func, select

from market.accounts.actor import Actor, Role
from market.accounts.models import ApiKey, Membership, Party, Person, SignIn, Verification, actor_of
from market.kit.clock import now
from market.kit.db import by_key, db
from market.kit.errors import NotFound
from market.kit.wire import Question, ask


def parties(ids: Iterable[UUID | None]) -> dict[UUID, Party]:
    """Parties by id, for the names on a page: one query."""
    return by_key(Party, ids)


def people(ids: Iterable[UUID | None]) -> dict[UUID, Person]:
    """People by id, for the names on a page: one query."""
    wanted = {key for key in ids if key}
    if not wanted:
        return {}
    return {person.id: person for person in db.session.scalars(select(Person).where(Person.id.in_(wanted)))}


def find_party(party_id: UUID, *, lock: bool = False) -> Party:
    """Raises NotFound. With `lock`, the row is locked and read afresh."""
    party = db.session.get(Party, party_id, with_for_update=lock or None, populate_existing=lock)
    if party is None:
        raise NotFound
    return party


def party_by_handle(handle: str, role: Role) -> Party:
    """The public party behind a page address. Raises NotFound."""
    party = db.session.scalar(select(Party).where(Party.handle == handle, Party.role == role))
    if party is None:
        raise NotFound
    return party


def party_named(word: str, role: Role) -> Party | None:
    """The party of this role with this handle, or with a member of this e-mail address."""
    word = word.strip().lower().removeprefix("@")
    rows = select(Party).where(Party.role == role)
    if "@" in word:
        return db.session.scalar(rows.join(Membership).join(Person).where(Person.email == word).limit(1))
    return db.session.scalar(rows.where(Party.handle == word))


def hats(person_id: UUID) -> Sequence[Membership]:
    """The parties a person may act for, in the order they were taken."""
    return db.session.scalars(
        select(Membership).where(Membership.person_id == person_id).order_by(Membership.id)
    ).all()


_SIGNED_IN = (
    select(Person, Membership)
    .join(SignIn, SignIn.person_id == Person.id)
    .outerjoin(Membership, Membership.person_id == Person.id)
    .where(SignIn.token_sha256 == bindparam("token"), SignIn.ended_at.is_(None))
    .where(SignIn.expires_at > bindparam("at"), Person.suspended_at.is_(None))
    .order_by(Membership.id)
)


def who_signed_in(token_sha256: bytes) -> tuple[Person | None, Sequence[Membership]]:
    """The person of a live sign-in and their hats, in one statement: every page of a signed-in person asks it."""
    rows = db.session.execute(_SIGNED_IN, {"token": token_sha256, "at": now()}).all()
    return (rows[0][0] if rows else None), [membership for _, membership in rows if membership]


def key_holder() -> Select[*tuple[Any, ...]]:
    """Of a Question: what `actor_of` takes of whom the API key `key_sha256` acts for; no row when it is not live."""
    return (
        select(ApiKey.person_id, ApiKey.party_id, Membership.rights, Party.role, Party.verification)
        .join_from(ApiKey, Person, Person.id == ApiKey.person_id)
        .join(
            Membership, (Membership.person_id == ApiKey.person_id) & (Membership.party_id == ApiKey.party_id)
        )
        .join(Party, Party.id == ApiKey.party_id)
        .where(
            ApiKey.key_sha256 == bindparam("key_sha256"),
            ApiKey.revoked_at.is_(None),
            Person.suspended_at.is_(None),
        )
    )


_KEY_HELD = Question(key_holder().add_columns(ApiKey.id))


def who_holds_key(
    key_sha256: bytes, *beside: tuple[Question, dict[str, Any]]
) -> tuple[tuple[UUID, Actor] | None, list[list[tuple[Any, ...]]]]:
    """A live API key's id and whom it acts for, in one statement: every call asks it. And what was asked beside it."""
    rows, *found = ask((_KEY_HELD, {"key_sha256": key_sha256}), *beside)
    return ((rows[0][-1], actor_of(*rows[0][:-1])) if rows else None), found


def party_or_key_holder() -> ColumnElement[UUID]:
    """Of a Question: the party `party_id`, or whom the API key `key_sha256` acts for; one of the two is given."""
    holder = select(ApiKey.party_id).where(
        ApiKey.key_sha256 == bindparam("key_sha256"), ApiKey.revoked_at.is_(None)
    )
    return func.coalesce(bindparam("party_id", type_=Uuid()), holder.scalar_subquery())


def membership(person_id: UUID, party_id: UUID) -> Membership:
    """One hat of a person's."""
    return db.session.scalars(
        select(Membership).where(Membership.person_id == person_id, Membership.party_id == party_id)
    ).one()


def person_of(party_id: UUID) -> Person | None:
    """The first member of a party."""
    return db.session.scalars(
        select(Person)
        .join(Membership)
        .where(Membership.party_id == party_id)
        .order_by(Membership.id)
        .limit(1)
    ).first()


def awaiting_verification() -> Select[Party]:
    return select(Party).where(Party.verification == Verification.PENDING)


def keys_visible_to(actor: Actor) -> Select[ApiKey]:
    return (
        select(ApiKey)
        .where(ApiKey.party_id == actor.party_id, ApiKey.revoked_at.is_(None))
        .order_by(ApiKey.id)
    )
