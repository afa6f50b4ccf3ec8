"""What comes in and goes out about people and parties."""

from marshmallow import fields

from market.accounts.actor import Role
from market.kit.schemas import Choice, Email, PublicId, Schema, Text

OPEN_ROLES = [role.value for role in Role if role is not Role.OPERATOR]
"""Anybody may sign up as these; operators are made by command."""


PAYEE_KINDS = ["individual", "company"]


class SignUpSchema(Schema):
    role = Choice(OPEN_ROLES, required=True)
    name = Text(least=1, most=60, required=True)
    email = Email(required=True)
    password = fields.String(required=True, load_only=True)


class SignInSchema(Schema):
    email = fields.String(required=True)
    password = fields.String(required=True, load_only=True)


class HatSchema(Schema):
    role = Choice(OPEN_ROLES, required=True)
    name = Text(least=1, most=60, required=True)


class PartySchema(Schema):
    """Whom a person acts for."""

    id = PublicId("pty", required=True)
    role = fields.Enum(Role, by_value=True, required=True)
    name = fields.String(required=True)
    handle = fields.String(required=True, metadata={"description": "stands in the page address"})
    city = fields.String(required=True)
    verification = fields.String(
        required=True, metadata={"enum": ["unverified", "pending", "verified", "refused"]}
    )


class MeSchema(Schema):
    """The key's person and party, and what they may do."""

    person_name = fields.String(required=True)
    email = fields.String(required=True)
    party = fields.Nested(PartySchema, required=True)
    rights = fields.List(fields.String(), required=True)
    autoplay = fields.Boolean(
        required=True, metadata={"description": "films may start by themselves, silently, on Wi-Fi"}
    )


class MeChangeSchema(Schema):
    autoplay = fields.Boolean(required=True)


class ClaimSchema(Schema):
    """What an operator needs to verify a provider."""

    kind = Choice(
        PAYEE_KINDS,
        load_default="individual",
        metadata={"description": "a person's income is taxed at the source, a company's is not"},
    )
    legal_name = Text(least=2, most=80, required=True)
    registration_no = Text(least=4, most=40, required=True)
    contact = Text(least=2, most=80, required=True)
    note = Text(most=500, load_default="")


class DecisionSchema(Schema):
    verified = fields.Boolean(required=True)
    reason = Text(most=300, load_default="")


class ProfileNameSchema(Schema):
    name = Text(least=1, most=60, required=True)
    city = Text(most=40, load_default="")
    bio = Text(most=1000, load_default="")


class KeyLabelSchema(Schema):
    label = Text(least=1, most=60, required=True)
