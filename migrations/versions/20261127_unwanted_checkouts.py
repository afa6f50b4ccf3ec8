"""Since when a payment is to be closed that Stripe may have yet to open."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_unwanted_checkouts"
down_revision = "20261127_portraits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("checkouts", sa.Column("unwanted_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("checkouts", "unwanted_at")
