"""Signing up and in, hats, keys, verification."""

import hashlib
import secrets
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from sqlalchemy import func, select, update

from market.accounts.actor import RIGHTS, Actor, Role
from market.accounts.errors import EmailTaken, HatTaken, WeakPassword, WrongPassword
from market.accounts.models import ApiKey, Membership, Party, Person, SignIn, handle_of
from market.accounts.queries import find_party
from market.kit.clock import now
from market.kit.db import db
from market.kit.events import record

SIGN_IN_DAYS = 14

# 0.026 s CPU per hash; the library's default (64 MiB, 0.17 s) lets a login flood stall two cores.
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_COMMON = {
    "1234567890",
    "password123",
    "qwertyuiop",
    "0123456789",
    "1q2w3e4r5t",
    "password1234",
    "woaini1314520",
}


@cache
def _nobody() -> str:
    """What a password is held against when nobody has that address, so that the answer takes as long. Made when first
    asked for: every process imports this, and few sign anybody in."""
    return hasher.hash(secrets.token_hex(16))


def sha256(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def sign_up(*, email: str, password: str, name: str, role: Role, locale: str = "zh") -> Membership:
    """A new person with a first hat. Raises EmailTaken, WeakPassword."""
    email = email.strip().lower()
    if len(password) < 10 or password.lower() in _COMMON or password.lower() == email:
        raise WeakPassword(field="password")
    return admit(email=email, password_hash=hasher.hash(password), name=name, role=role, locale=locale)


def admit(*, email: str, password_hash: str, name: str, role: Role, locale: str = "zh") -> Membership:
    """A new person whose password is hashed already. Raises EmailTaken."""
    if db.session.scalar(select(Person.id).where(Person.email == email)):
        raise EmailTaken(field="email")
    person = Person(email=email, name=name, password_hash=password_hash, locale=locale)
    db.session.add(person)
    db.session.flush()
    return take_hat(person, role, name)


def take_hat(person: Person, role: Role, name: str) -> Membership:
    """One more role for a person: a party they own. Raises HatTaken."""
    # The person's row is the lock: two clicks at once must not make two parties.
    db.session.execute(select(Person.id).where(Person.id == person.id).with_for_update())
    held = select(Membership).join(Party).where(Membership.person_id == person.id, Party.role == role)
    if db.session.scalar(held.limit(1)):
        raise HatTaken(field="role")
    party = Party(role=role, name=name, handle=secrets.token_hex(16))
    db.session.add(party)
    db.session.flush()
    party.handle = handle_of(name, party.id)
    membership = Membership(person=person, party=party, rights=sorted(RIGHTS[role]))
    db.session.add(membership)
    db.session.flush()
    record("party.joined", party.id, by=membership.actor(), role=role.value, name=name)
    return membership


def check_password(email: str, password: str) -> Person:
    """The person with this address and password, in the same time whether they exist or not. Raises WrongPassword."""
    person = db.session.scalar(select(Person).where(Person.email == email.strip().lower()))
    try:
        hasher.verify(person.password_hash if person else _nobody(), password)
    except (VerifyMismatchError, VerificationError, InvalidHashError) as wrong:
        raise WrongPassword(field="password") from wrong
    if person is None or person.suspended_at:
        raise WrongPassword(field="password")
    return person


def sign_in(person: Person, *, user_agent: str = "") -> str:
    """Open a sign-in and return the token for the cookie."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        SignIn(
            person_id=person.id,
            token_sha256=sha256(token),
            expires_at=now() + timedelta(days=SIGN_IN_DAYS),
            user_agent=user_agent[:200],
        )
    )
    db.session.flush()
    return token


def sign_out(token: str) -> None:
    db.session.execute(
        update(SignIn)
        .where(SignIn.token_sha256 == sha256(token), SignIn.ended_at.is_(None))
        .values(ended_at=now())
    )


def make_key(
    person_id: UUID, party_id: UUID, *, label: str = "", secret: str | None = None
) -> tuple[ApiKey, str]:
    """A new API key; the secret (made here unless given) is returned once and never again."""
    secret = secret or f"vt_test_{secrets.token_urlsafe(32)}"
    key = ApiKey(
        person_id=person_id, party_id=party_id, label=label, key_sha256=sha256(secret), last_four=secret[-4:]
    )
    db.session.add(key)
    db.session.flush()
    return key, secret


def revoke_key(key: ApiKey) -> None:
    key.revoked_at = key.revoked_at or now()


def ask_verification(party: Party, claim: dict[str, Any], *, by: Actor) -> None:
    """Hand in what an operator needs to verify a provider."""
    party.ask_verification(claim)
    record("party.verification_asked", party.id, by=by)


def decide_verification(party_id: UUID, *, verified: bool, reason: str, by: Actor) -> Party:
    """An operator's word on a provider; the party is told."""
    party = find_party(party_id, lock=True)
    if verified:
        party.verify()
    else:
        party.refuse_verification(reason)
    record(
        "party.verified" if verified else "party.verification_refused",
        party.id,
        by=by,
        audience=[party.id],
        reason=reason,
    )
    return party


def touch_key(key_id: UUID) -> None:
    """Note the use of a key, at most once a minute."""
    db.session.execute(
        update(ApiKey)
        .where(
            ApiKey.id == key_id,
            func.coalesce(ApiKey.used_at, func.to_timestamp(0)) < now() - timedelta(minutes=1),
        )
        .values(used_at=now())
    )
