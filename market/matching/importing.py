"""The data door: accounts and past deliveries from elsewhere become ours, so that a market need not begin empty.

A line is a JSON object, its `type` one of LINES (docs/api.md). It may be told again: accounts and works are known by
the names (`id`) their importer gave them, a day and a portrait by account and date.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import marshmallow as ma
from marshmallow import fields
from sqlalchemy import select

from market.accounts import service as accounts
from market.accounts.actor import Actor, Role
from market.accounts.models import Person, Verification
from market.accounts.vocabulary import CATEGORIES, Format
from market.creators import service as creators
from market.creators.schemas import ProfileChangeSchema
from market.effect import service as effect
from market.effect.schemas import OutcomeNewSchema
from market.kit.clock import now
from market.kit.db import db
from market.kit.schemas import Choice, Fen, Instant, Lines, Schema, Text
from market.kit.words import _
from market.matching import decisions, history
from market.matching.decided_models import Decision
from market.matching.models import ImportedAccount
from market.portraits import service as portraits
from market.portraits.models import INTERESTS, PARTS, Whose
from market.portraits.schemas import PortraitCountSchema
from market.traffic import service as traffic
from market.traffic.schemas import AccountDaySchema

NAMES = UUID("6b1c54ae-7d0f-5b8e-9f5c-3f2b0a2f1c11")
"""Under which an imported account's name becomes an address nobody can write to."""
NO_PASSWORD = "!"
"""No hash at all: nobody signs in with a password until one is set; keys work."""
SKEW = timedelta(days=1)
"""So far may the clocks of others be ahead of ours."""
ROLES = [Role.MERCHANT.value, Role.CREATOR.value]


class AccountLine(ProfileChangeSchema):
    """Somebody who posts or delivers; the profile's fields count for creators."""

    type = Choice(["account"], required=True)
    id = Text(
        least=1, most=200, required=True, metadata={"description": "the importer's own name for the account"}
    )
    roles = fields.List(Choice(ROLES), load_default=lambda: list(ROLES), validate=ma.validate.Length(min=1))
    name = Text(most=80, load_default="")
    tags = Lines(most=50, metadata={"description": "free words, finer than the categories"})
    texts = Lines(
        most=200,
        most_chars=20_000,
        metadata={"description": "what a creator published elsewhere, a piece each; read by matching only"},
    )


class WorkLine(Schema):
    """A brief that was delivered: when, for whom, by whom, and what it asked."""

    type = Choice(["work"], required=True)
    id = Text(least=1, most=200, required=True)
    at = Instant(required=True, metadata={"description": "when it was delivered"})
    merchant = Text(least=1, most=200, required=True, metadata={"description": "the `id` of an account"})
    creators = Lines(most=100, required=True, validate=ma.validate.Length(min=1))
    title = Text(most=1000, load_default="")
    text = Text(most=100_000, load_default="")
    tags = Lines(most=50, load_default=list)
    category = Choice(list(CATEGORIES), load_default="digital")
    format = Choice([each.value for each in Format], load_default=Format.ARTICLE.value)
    price_fen = Fen(load_default=None)
    outcome = fields.Nested(
        OutcomeNewSchema,
        load_default=None,
        metadata={"description": "what it brought: of works with one creator"},
    )

    @ma.validates("at")
    def _has_been(self, at: datetime, **_kwargs: Any) -> None:
        """A work of tomorrow would weigh more than all of today: the sums fade from its date on."""
        if at > now() + SKEW:
            raise ma.ValidationError(_("交付时间不能在将来。"))


class DayLine(AccountDaySchema):
    """One day of a creator's account."""

    type = Choice(["day"], required=True)
    account = Text(least=1, most=200, required=True, metadata={"description": "the `id` of an account"})


class PortraitLine(PortraitCountSchema):
    """Whom a creator's fans or a merchant's buyers are."""

    type = Choice(["portrait"], required=True)
    account = Text(least=1, most=200, required=True, metadata={"description": "the `id` of an account"})
    whose = Choice([each.value for each in Whose], required=True)


class BriefLine(Schema):
    """A brief that was opened elsewhere, for decisions to point at."""

    type = Choice(["brief"], required=True)
    id = Text(least=1, most=200, required=True)
    at = Instant(required=True, metadata={"description": "when it was opened"})
    closes_at = Instant(load_default=None, allow_none=True)
    merchant = Text(least=1, most=200, required=True, metadata={"description": "the `id` of an account"})
    category = Choice(list(CATEGORIES), required=True)
    format = Choice([each.value for each in Format], required=True)
    budget_fen = Fen(load_default=None, allow_none=True)


class DecisionLine(Schema):
    """One step between a brief and a creator; what is told of a pair makes an answer to an invitation."""

    type = Choice(["decision"], required=True)
    brief = Text(least=1, most=200, required=True, metadata={"description": "the `id` of a brief"})
    creator = Text(least=1, most=200, required=True, metadata={"description": "the `id` of an account"})
    decision = Choice([each.value for each in Decision], required=True)
    at = Instant(required=True)
    price_fen = Fen(load_default=None, allow_none=True, metadata={"description": "what the creator asked"})


LINES: dict[str, type[Schema]] = {
    "account": AccountLine,
    "work": WorkLine,
    "day": DayLine,
    "portrait": PortraitLine,
    "brief": BriefLine,
    "decision": DecisionLine,
}


@dataclass
class Refused:
    """A line that could not be taken: its number (from 1), the field, and why."""

    line: int
    pointer: str
    detail: str


@dataclass
class Made:
    """Whom an account line made, or had made before; `api_key` only when it was asked for and is new."""

    ref: str
    role: Role
    party_id: UUID
    api_key: str | None = None


@dataclass
class Report:
    accounts: int = 0
    works: int = 0
    days: int = 0
    portraits: int = 0
    briefs: int = 0
    decisions: int = 0
    known: int = 0
    refused: list[Refused] = field(default_factory=list)
    parties: list[Made] = field(default_factory=list)
    named: dict[str, dict[Role, UUID]] = field(default_factory=dict)
    """The parties of the names met so far."""
    told: set[UUID] = field(default_factory=set)
    """Creators of whom a day came in and who are still to be looked at."""
    decided: set[UUID] = field(default_factory=set)
    """Creators of whom a decision came in; their replies are counted with the lines."""


def take(
    lines: Iterable[tuple[int, Any]],
    *,
    by: Actor,
    keys: bool = False,
    add_up: bool = True,
    report: Report | None = None,
) -> Report:
    """Take numbered lines; the bad ones are reported and the rest taken. With `keys`, each new party gets an API key.

    Without `add_up` the works count after the next rebuild only, and `report.told` is still to be examined: for many at
    once.
    """
    report = report or Report()
    for number, raw in lines:
        kind = raw.get("type") if isinstance(raw, Mapping) else None
        schema = LINES.get(str(kind))
        if schema is None:
            report.refused.append(
                Refused(
                    number, "/type", _("每行是一个 JSON 对象，type 为 %(types)s。", types="、".join(LINES))
                )
            )
            continue
        try:
            line = schema().load(raw)
        except ma.ValidationError as wrong:
            report.refused += [Refused(number, pointer, detail) for pointer, detail in _flat(wrong.messages)]
            continue
        if kind == "account":
            _account(line, by, keys, report)
        elif kind == "day":
            _day(number, line, report)
        elif kind == "portrait":
            _portrait(number, line, report)
        elif kind == "brief":
            _brief(number, line, report)
        elif kind == "decision":
            _decision(number, line, report)
        else:
            _work(number, line, add_up, report)
    decisions.recount(report.decided)
    report.decided.clear()
    if add_up:
        traffic.examine(report.told)
        report.told.clear()
    return report


def _flat(messages: Any, at: str = "") -> list[tuple[str, str]]:
    if isinstance(messages, Mapping):
        return [each for name, inner in messages.items() for each in _flat(inner, f"{at}/{name}")]
    return [(at or "/", str(message)) for message in (messages if isinstance(messages, list) else [messages])]


def _account(line: dict[str, Any], by: Actor, keys: bool, report: Report) -> None:
    ref, name, texts = line.pop("id"), line.pop("name"), line.pop("texts", None)
    roles = [Role(role) for role in dict.fromkeys(line.pop("roles"))]
    line.pop("type")
    known = _parties(ref, report)
    person = _person(ref, name or ref)
    for role in roles:
        if role in known:
            report.known += 1
            report.parties.append(Made(ref, role, known[role]))
            continue
        membership = accounts.take_hat(person, role, name or ref)
        membership.party.verification = Verification.VERIFIED
        published = (texts or []) if role is Role.CREATOR else []
        db.session.add(ImportedAccount(ref=ref, role=role, party_id=membership.party_id, texts=published))
        db.session.flush()
        known[role] = membership.party_id
        if role is Role.CREATOR:
            creators.save_profile(membership.party_id, {"categories": ["digital"], **line}, by=by)
        secret = accounts.make_key(person.id, membership.party_id, label="import")[1] if keys else None
        report.accounts += 1
        report.parties.append(Made(ref, role, membership.party_id, secret))


def _day(number: int, line: dict[str, Any], report: Report) -> None:
    line.pop("type")
    ref = line.pop("account")
    creator = _parties(ref, report).get(Role.CREATOR)
    if creator is None:
        said = _("没有导入过这位创作者：%(ref)s。请先给出它的 account 行。", ref=ref)
        report.refused.append(Refused(number, "/account", said))
        return
    traffic.note_day(creator, line.pop("day"), **line)
    report.told.add(creator)
    report.days += 1


def _brief(number: int, line: dict[str, Any], report: Report) -> None:
    merchant = _parties(line["merchant"], report).get(Role.MERCHANT)
    if merchant is None:
        said = _("没有导入过这个账号：%(ref)s。请先给出它的 account 行。", ref=line["merchant"])
        report.refused.append(Refused(number, "/merchant", said))
        return
    decisions.note_brief(
        line["id"],
        merchant_id=merchant,
        at=line["at"],
        closes_at=line["closes_at"],
        category=line["category"],
        format=Format(line["format"]),
        budget_fen=line["budget_fen"],
    )
    report.briefs += 1


def _decision(number: int, line: dict[str, Any], report: Report) -> None:
    creator = _parties(line["creator"], report).get(Role.CREATOR)
    if creator is None:
        said = _("没有导入过这位创作者：%(ref)s。请先给出它的 account 行。", ref=line["creator"])
        report.refused.append(Refused(number, "/creator", said))
        return
    if not decisions.is_known(line["brief"]):
        said = _("没有导入过这条需求：%(ref)s。请先给出它的 brief 行。", ref=line["brief"])
        report.refused.append(Refused(number, "/brief", said))
        return
    try:
        decisions.note(
            line["brief"], creator, Decision(line["decision"]), line["at"], price_fen=line["price_fen"]
        )
    except decisions.Contradicts as wrong:
        report.refused.append(Refused(number, "/decision", wrong.detail()))
        return
    report.decided.add(creator)
    report.decisions += 1


HATS = {Whose.FANS: Role.CREATOR, Whose.BUYERS: Role.MERCHANT}


def _portrait(number: int, line: dict[str, Any], report: Report) -> None:
    whose, ref = Whose(line["whose"]), line["account"]
    party = _parties(ref, report).get(HATS[whose])
    if party is None:
        said = _(
            "没有导入过这个账号，或者它不是这种身份：%(ref)s。fans 属于创作者，buyers 属于商家。", ref=ref
        )
        report.refused.append(Refused(number, "/account", said))
        return
    cells = {part: line[part] for part in (*PARTS, INTERESTS)}
    portraits.note(party, whose, line["day"], persons=line["persons"], cells=cells)
    report.portraits += 1


def _person(ref: str, name: str) -> Person:
    email = f"{uuid5(NAMES, ref).hex}@import.invalid"
    found = db.session.scalar(select(Person).where(Person.email == email))
    if found is None:
        found = Person(email=email, name=name, password_hash=NO_PASSWORD, locale="zh")
        db.session.add(found)
        db.session.flush()
    return found


def _parties(ref: str, report: Report) -> dict[Role, UUID]:
    if ref not in report.named:
        rows = select(ImportedAccount.role, ImportedAccount.party_id).where(ImportedAccount.ref == ref)
        report.named[ref] = dict(db.session.execute(rows).all())
    return report.named[ref]


def _work(number: int, line: dict[str, Any], add_up: bool, report: Report) -> None:
    merchant = _parties(line["merchant"], report).get(Role.MERCHANT)
    makers = {ref: _parties(ref, report).get(Role.CREATOR) for ref in line["creators"]}
    unknown = [ref for ref, party in {line["merchant"]: merchant, **makers}.items() if party is None]
    if merchant is None or unknown:
        said = _("没有导入过这个账号：%(ref)s。请先给出它的 account 行。", ref="、".join(unknown))
        report.refused.append(Refused(number, "/merchant" if merchant is None else "/creators", said))
        return
    outcome = line["outcome"]
    if outcome and len(makers) > 1:
        said = _("有多位创作者的作品不能带 outcome：播放和互动分不清是谁的。")
        report.refused.append(Refused(number, "/outcome", said))
        return
    if outcome:
        effect.note(
            f"import:{line['id']}",
            creator_id=next(party for party in makers.values() if party),
            at=line["at"],
            category=line["category"],
            format=Format(line["format"]),
            price_fen=line["price_fen"],
            **outcome,
        )
    made = history.note(
        f"import:{line['id']}",
        merchant_id=merchant,
        creator_ids=[party for party in makers.values() if party],
        at=line["at"],
        category=line["category"],
        format=line["format"],
        tags=line["tags"],
        words=f"{line['title']} {line['title']} {line['text']}",
        add_up=add_up,
    )
    if made is None:
        report.known += 1
    else:
        report.works += 1
