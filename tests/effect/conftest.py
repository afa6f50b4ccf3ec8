"""More of a kind than the cast has."""

import pytest

from tests.conftest import PASSWORD, Player


def more(app, role, n) -> list[Player]:
    """`n` more verified players of a role."""
    from market.accounts import service
    from market.accounts.actor import Role
    from market.accounts.models import Verification
    from market.kit.db import transaction

    made = []
    with app.app_context():
        for at in range(n):
            email = f"{role}{at}@example.com"
            with transaction():
                membership = service.sign_up(
                    email=email, password=PASSWORD, name=f"{role.title()} {at}", role=Role(role)
                )
                membership.party.verification = Verification.VERIFIED
                _key, secret = service.make_key(membership.person_id, membership.party_id, label="tests")
            made.append(
                Player(app, membership.party.name, email, membership.person_id, membership.party_id, secret)
            )
    return made


@pytest.fixture
def sides(app, cast):
    return more(app, "merchant", 3), more(app, "creator", 3)
