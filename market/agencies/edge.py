"""How a request takes hold of a roster link."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from market.accounts.actor import Actor
from market.accounts.edge import current_actor, require
from market.agencies import queries
from market.agencies.models import RosterLink
from market.kit.db import transaction


@contextmanager
def held(link_id: UUID, may: Callable[[Actor, RosterLink], bool]) -> Iterator[tuple[RosterLink, Actor]]:
    """The link, locked, and who acts, in one transaction; when `may` says yes. Raises NotFound, Forbidden."""
    actor = current_actor()
    with transaction():
        link = queries.find_visible(link_id, actor, lock=True)
        require(may(actor, link))
        yield link, actor
