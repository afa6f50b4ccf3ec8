"""A step taken on a page: done once however often it is clicked, then the word about it and the way on."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect

from market.accounts.idempotency import idempotent
from market.kit.db import db
from market.kit.errors import Refusal
from market.kit.pages import Form

Done = tuple[str, str]
"""What to say, and the address to go on to."""


def step(
    do: Callable[[], Done],
    *,
    form: Form | None = None,
    again: Callable[[Form], Any] | None = None,
    overtaken: tuple[type[Refusal], ...] = (),
    back: str = "",
) -> Any:
    """Lock, may and act are `do`'s, in the one transaction whose answer is remembered.

    With `form`, what is wrong stands at its fields, before anything is done, on the page `again` makes of it. Without,
    a refusal of the kinds `overtaken` (somebody else was quicker) is said on the page `back`; others are the error
    page's.
    """

    @idempotent
    def once() -> Any:
        said, on = do()
        flash(said, "success")
        return redirect(on, 303)

    if form is None or again is None:
        try:
            return once()
        except overtaken as refusal:
            return say_and_go(refusal.detail(), back)
    with form.attempt():
        form.data  # noqa: B018
        return once()
    db.session.rollback()
    return again(form)


def say_and_go(refusal: str, back: str) -> Any:
    """On to a page, with the refusal above it."""
    flash(refusal, "danger")
    return redirect(back, 303)
