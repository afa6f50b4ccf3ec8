"""An acceptance by the plain way takes its key itself; stages change in place: there is room on their page, as on
that of orders."""

from pathlib import Path

from alembic import op

import market.delivery

revision = "20261127_accept_key"
down_revision = "20261127_delivery_accept"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP FUNCTION IF EXISTS delivery_accept(uuid, uuid, text, uuid, uuid, text[], timestamptz)")
    op.execute(Path(market.delivery.__file__).with_name("schema.sql").read_text("utf-8"))
    op.execute("ALTER TABLE milestones SET (fillfactor = 75)")


def downgrade() -> None:
    # The function is the file's, whichever revision reads it.
    op.execute("ALTER TABLE milestones RESET (fillfactor)")
