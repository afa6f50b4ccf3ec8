"""Requests for a 发票: the merchant asks over settled fees, an operator issues it at the tax office or says why not."""

from uuid import UUID

from sqlalchemy import select, update

from market.accounts.actor import Actor, Role
from market.accounts.models import Party
from market.accounts.queries import find_party
from market.invoices import queries
from market.invoices.errors import AlreadyEnded, AmountChanged, NothingSettled, NumberTaken
from market.invoices.models import FapiaoLine, FapiaoRequest, FapiaoState
from market.kit.db import db
from market.kit.events import record
from market.kit.pages import format_fen

F = FapiaoState


def ask(
    party_id: UUID, *, title: str, tax_number: str, email: str, amount_fen: int, by: Actor
) -> FapiaoRequest:
    """Ask over every settled fee that no other request covers; `amount_fen` is what the asker saw.

    Raises NothingSettled, AmountChanged.
    """
    find_party(party_id, lock=True)
    fees = queries.open_fees(party_id)
    total = sum(fees.values())
    if not total:
        raise NothingSettled
    if total != amount_fen:
        raise AmountChanged(field="amount_fen", amount=format_fen(total))
    made = FapiaoRequest(
        party_id=party_id,
        asked_by=by.person_id,
        title=title,
        tax_number=tax_number,
        email=email,
        amount_fen=total,
    )
    db.session.add(made)
    db.session.flush()
    db.session.add_all(FapiaoLine(request_id=made.id, document_id=document_id) for document_id in fees)
    db.session.flush()
    operators = db.session.scalars(select(Party.id).where(Party.role == Role.OPERATOR))
    _tell("fapiao.asked", made, by, [*operators], url="/ops/fapiao")
    return made


def issue(request: FapiaoRequest, *, number: str, link: str, by: Actor) -> FapiaoRequest:
    """The (locked) request is done: the tax office's number, and where its file can be fetched.

    Raises AlreadyEnded, NumberTaken.
    """
    _require_waiting(request)
    taken = select(FapiaoRequest.id).where(FapiaoRequest.number == number)
    if db.session.scalar(taken) is not None:
        raise NumberTaken(field="number")
    request.number, request.link = number, link
    request.end(F.ISSUED, by.person_id)
    _tell("fapiao.issued", request, by, [request.party_id], url="/m/documents", number=number)
    return request


def refuse(request: FapiaoRequest, *, reason: str, by: Actor) -> FapiaoRequest:
    """Say no to the (locked) request, and why; its fees may be asked for again. Raises AlreadyEnded."""
    _require_waiting(request)
    request.reason = reason
    request.end(F.REFUSED, by.person_id)
    _let_go(request)
    _tell("fapiao.refused", request, by, [request.party_id], url="/m/documents", reason=reason)
    return request


def withdraw(request: FapiaoRequest, by: Actor) -> FapiaoRequest:
    """The merchant takes the (locked) request back. Raises AlreadyEnded."""
    _require_waiting(request)
    request.end(F.WITHDRAWN, by.person_id)
    _let_go(request)
    _tell("fapiao.withdrawn", request, by, [], url="/m/documents")
    return request


def _require_waiting(request: FapiaoRequest) -> None:
    if request.state is not F.ASKED:
        raise AlreadyEnded


def _let_go(request: FapiaoRequest) -> None:
    db.session.execute(update(FapiaoLine).where(FapiaoLine.request_id == request.id).values(held=False))


def _tell(name: str, request: FapiaoRequest, by: Actor, audience: list[UUID], **data: str) -> None:
    record(
        name,
        request.id,
        by=by,
        audience=audience,
        amount_fen=request.amount_fen,
        title=request.title,
        **data,
    )
