"""The plain case of an acceptance is one statement."""

from pathlib import Path

from alembic import op

import market.delivery

revision = "20261127_delivery_accept"
down_revision = "20261127_lots"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(Path(market.delivery.__file__).with_name("schema.sql").read_text("utf-8"))


def downgrade() -> None:
    op.execute("DROP FUNCTION delivery_accept")
