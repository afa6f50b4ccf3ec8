"""K9: what a bidder who was not chosen is told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "20261127_bid_answers"
down_revision = "20261127_shortlists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bids", sa.Column("answer", JSONB(), nullable=False, server_default="{}"))
    op.alter_column("bids", "answer", server_default=None)


def downgrade() -> None:
    op.drop_column("bids", "answer")
