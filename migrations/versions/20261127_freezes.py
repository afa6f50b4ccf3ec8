"""Freezing one order."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_freezes"
down_revision = "20261127_approvals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("frozen_at", sa.DateTime(timezone=True)))
    op.add_column("earnings", sa.Column("frozen_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_earnings_frozen", "earnings", ["party_id"], postgresql_where=sa.text("frozen_at IS NOT NULL")
    )
    op.create_table(
        "order_freezes",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), primary_key=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("order_id", sa.Uuid(), sa.ForeignKey("orders.id"), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("frozen_by", sa.Uuid()),
        sa.Column("lifted_by", sa.Uuid()),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_order_freezes_order_id", "order_freezes", ["order_id"])
    op.create_index(
        "uq_order_freezes_on",
        "order_freezes",
        ["order_id", "source", "key"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("order_freezes")
    op.drop_index("ix_earnings_frozen", "earnings")
    op.drop_column("earnings", "frozen_at")
    op.drop_column("orders", "frozen_at")
