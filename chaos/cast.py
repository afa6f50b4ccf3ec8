"""Who acts: merchants, creators and an agency, made by the product's own services, with API keys; and their accounts
at the local Stripe, opened through the API.
"""

import json
import urllib.request
from dataclasses import dataclass, replace
from uuid import UUID

from flask import Flask

from chaos.caller import Act, Caller, Journal, Line


@dataclass
class Person:
    email: str
    party_id: UUID
    key: str


@dataclass
class Company:
    """Whom one writer plays. With an agency, it bids for the creator and takes its share."""

    merchant: Person
    creator: Person
    agency: Person | None


def people(app: Flask, companies: int) -> list[Company]:
    """Every second creator is on the agency's roster."""
    from market.accounts import service as accounts
    from market.accounts.actor import Role
    from market.accounts.models import Membership, Verification
    from market.agencies import service as rosters
    from market.kit.db import transaction

    def enter(role: Role, n: int) -> tuple[Membership, Person]:
        email = f"{role.value}{n}@chaos.example"
        with transaction():
            made = accounts.admit(email=email, password_hash="-", name=f"{role.value.title()} {n}", role=role)
            made.party.verification = Verification.VERIFIED
            _, key = accounts.make_key(made.person_id, made.party_id, label="chaos")
        return made, Person(email, made.party_id, key)

    found = []
    with app.app_context():
        house, agency = enter(Role.AGENCY, 0)
        for n in range(companies):
            _, merchant = enter(Role.MERCHANT, n)
            member, creator = enter(Role.CREATOR, n)
            if n % 2:
                with transaction():
                    link = rosters.invite(house.party_id, creator.email, 2000, by=house.actor())
                    rosters.answer(link, accept=True, by=member.actor())
            found.append(Company(merchant, creator, agency if n % 2 else None))
    return found


def callers(company: Company, address: str, journal: Journal) -> dict[str, Caller]:
    """One connection for all of them: a writer speaks for one at a time."""
    from market.kit.ids import encode

    line = Line(address)
    them = {"merchant": company.merchant, "creator": company.creator, "agency": company.agency}
    return {
        role: Caller(line, person.key, encode("pty", person.party_id), journal)
        for role, person in them.items()
        if person
    }


def open_account(payee: Caller, stripe: str) -> Act:
    """The payee's account at Stripe, filled in on its page, and known to the product."""
    status, link, _ = payee.ask("POST", "/connect/onboarding")
    assert status == 201, link
    account = link["url"].split("/connect/setup/")[1].split("/")[0]
    control(stripe, f"onboard/{account}", {})
    while not (yield from payee.read("/connect"))["onboarded"]:
        yield 0.3


def control(stripe: str, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
    """A call of the local Stripe's control API. Raises urllib.error.URLError."""
    request = urllib.request.Request(
        f"{stripe}/_sandbox/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def open_app(url: str) -> Flask:
    """The product's services on the copy's database, for what happens before and after."""
    from market import settings
    from market.app import create_app

    return create_app(replace(settings.read(), database_url=url))
