"""Stripe's account book, the cursors of its lists, and the hold on payouts."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_entries"
down_revision = "20261127_endings"
branch_labels = None
depends_on = None

ROW = (
    sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), primary_key=True),
    sa.Column(
        "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
    ),
)


def upgrade() -> None:
    op.create_table(
        "stripe_entries",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("exchange_rate", sa.Numeric(18, 8)),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("available_on", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("posting_id", sa.Uuid()),
        sa.Column("cleared_id", sa.Uuid()),
    )
    op.create_index("ix_stripe_entries_booked_at", "stripe_entries", ["booked_at", "id"])
    op.create_index("ix_stripe_entries_source", "stripe_entries", ["source"])
    op.create_index(
        "ix_stripe_entries_unmatched",
        "stripe_entries",
        ["booked_at"],
        postgresql_where=sa.text("posting_id IS NULL"),
    )
    op.create_table(
        "stripe_cursors",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("upto", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "payout_holds",
        *ROW,
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "uq_payout_holds_on",
        "payout_holds",
        [sa.text("(lifted_at IS NULL)")],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("payout_holds")
    op.drop_table("stripe_cursors")
    op.drop_table("stripe_entries")
