"""The states of what goes through Stripe, and the moves between them."""

from enum import StrEnum


class Purpose(StrEnum):
    """What a payment is for: the escrow of an order, or the payer's own wallet."""

    ORDER = "order"
    TOP_UP = "top_up"


class Means(StrEnum):
    """How it is paid: on Stripe's page, or with a card that was saved there before."""

    PAGE = "page"
    CARD = "card"


class CheckoutState(StrEnum):
    CREATED = "created"  # ours only; Stripe has not answered yet
    OPEN = "open"  # the payer may pay at `url`
    PAID = "paid"
    EXPIRED = "expired"
    FAILED = "failed"


C = CheckoutState
LIVE = (C.CREATED, C.OPEN)
CHECKOUT_MOVES = {
    # Money can be seen before the answer that opened the session was recorded.
    C.CREATED: {C.OPEN, C.PAID, C.EXPIRED, C.FAILED},
    C.OPEN: {C.PAID, C.EXPIRED, C.FAILED},
    # Money that comes all the same is taken: the state follows the money.
    C.EXPIRED: {C.PAID},
    C.FAILED: {C.PAID},
}


class WithdrawalState(StrEnum):
    REQUESTED = "requested"
    TRANSFERRED = "transferred"  # in the payee's Stripe account, on its way to the bank
    PAID = "paid"
    BOUNCED = "bounced"  # the bank did not take it: it waits in the payee's Stripe account for his word
    FAILED = "failed"  # all of it is available again


W = WithdrawalState
WITHDRAWAL_MOVES = {
    W.REQUESTED: {W.TRANSFERRED, W.FAILED},
    W.TRANSFERRED: {W.PAID, W.BOUNCED},
    # A bank may return what it first accepted (Stripe: within five business days).
    W.PAID: {W.BOUNCED},
    W.BOUNCED: {W.TRANSFERRED, W.FAILED},
}


class PayoutRhythm(StrEnum):
    """When a payee's available money goes out by itself."""

    MANUAL = "manual"
    WEEKLY = "weekly"  # Mondays
    MONTHLY = "monthly"  # the first day


class CallState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class InboxState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    IGNORED = "ignored"
