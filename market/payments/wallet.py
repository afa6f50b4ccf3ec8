"""A merchant's wallet: money paid in beforehand, spent on orders without the way over Stripe.

The wallet is the ledger's account MW of the merchant, and nothing else: no balance is kept twice.
"""

from uuid import UUID

from market.accounts.actor import Actor
from market.kit.figures import figures
from market.kit.pages import format_fen
from market.kit.paging import Page
from market.ledger import queries as books
from market.ledger import service as ledger
from market.ledger.accounts import Account, AccountKind
from market.ledger.movements import Entry, Leg, PostingKind
from market.payments.checkouts import checkout
from market.payments.errors import TopUpLimits
from market.payments.models import Checkout, SavedCard
from market.payments.states import Purpose

K = AccountKind


def account(party_id: UUID) -> Account:
    return Account(K.MERCHANT_WALLET, party_id)


def balance(party_id: UUID) -> int:
    """What may be spent now, in fen."""
    return books.balance(account(party_id))


def history(party_id: UUID, *, limit: int = 20, cursor: str | None = None) -> Page[Entry]:
    """What came and went, newest first. Raises Invalid on a cursor that is none."""
    return books.statement([account(party_id)], limit=limit, cursor=cursor)


def require_limits(amount_fen: int) -> None:
    """Raises TopUpLimits."""
    if not figures.min_top_up_fen <= amount_fen <= figures.max_top_up_fen:
        raise TopUpLimits(
            least=format_fen(figures.min_top_up_fen),
            most=format_fen(figures.max_top_up_fen),
            field="amount_fen",
        )


def top_up(
    party_id: UUID,
    amount_fen: int,
    by: Actor,
    *,
    title: str,
    key: str,
    return_url: str,
    locale: str = "zh",
    card: SavedCard | None = None,
) -> Checkout:
    """A payment page that fills the wallet; send its call after the commit.

    Raises TopUpLimits, KeyOfAnother, PageStillOpen (a page for another amount is open: close it first).
    """
    require_limits(amount_fen)
    return checkout(
        subject_id=party_id,
        payer_id=party_id,
        amount_fen=amount_fen,
        title=title,
        by=by,
        key=key,
        return_url=return_url,
        locale=locale,
        purpose=Purpose.TOP_UP,
        card=card,
    )


def spend(order_id: UUID, party_id: UUID, fen: int, by: Actor) -> None:
    """MW→EU for an order that the caller has locked. Raises InsufficientFunds; the transaction is then over."""
    before = sum(entry.kind is PostingKind.FUND for entry in books.postings_of("order", order_id))
    ledger.post(
        PostingKind.FUND,
        f"fund:{order_id}:{before + 1}",
        [Leg(account(party_id), Account(K.ESCROW_UNALLOCATED, order_id), fen)],
        source=("order", order_id),
        by=by,
    )
