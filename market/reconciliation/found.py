"""What a look finds, before it is compared with what was known."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from market.reconciliation.models import Kind


@dataclass(frozen=True)
class Found:
    """One difference; `kind` and `ref` say which, the rest how it is now."""

    kind: Kind
    ref: str
    order_id: UUID | None = None
    entry_id: str | None = None
    posting_id: UUID | None = None
    ours_fen: int | None = None
    theirs_fen: int | None = None
    currency: str = "CNY"
    what: str = ""
    since: datetime | None = None
