"""What may be asked for. Packages above register their acts in a module `acts.py`, which the app imports at its start.

A lower package never asks about a higher one; it calls what was registered when the app was put together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from market.accounts.actor import Actor, Right

if TYPE_CHECKING:
    from market.approvals.models import Approval

Content = dict[str, Any]


def _nothing(content: Content) -> Sequence[tuple[str, str]]:
    return ()


@dataclass(frozen=True)
class Act:
    """A dangerous act.

    `perform` runs in the transaction of the second operator's word and raises a Refusal when the world has moved on
    meanwhile: then nothing happened and the request is still open. `facts` says the content in words for the page.
    """

    kind: str
    """`payments.write_off`; stored with every request, so it never changes."""
    title: str
    """Marked with N_."""
    right: Right
    """Who asks and who agrees both need it."""
    perform: "Callable[[Approval, Actor], None]"
    facts: Callable[[Content], Sequence[tuple[str, str]]] = field(default=_nothing)
    href: Callable[[UUID], str] | None = None
    """The page of the subject."""


_acts: dict[str, Act] = {}


def register(act: Act) -> None:
    _acts[act.kind] = act


def act(kind: str) -> Act:
    """Raises KeyError on a kind nobody registered."""
    return _acts[kind]


def known() -> dict[str, Act]:
    return dict(_acts)
