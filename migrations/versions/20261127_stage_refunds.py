"""Refunds of stages after their release."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_stage_refunds"
down_revision = "20261127_edit_drafts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stage_refunds",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("milestone_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("creator_fen", sa.BigInteger(), nullable=False),
        sa.Column("agency_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("tax_fen", sa.BigInteger(), nullable=False),
        sa.Column("owed_fen", sa.BigInteger(), nullable=False),
        sa.Column("to_wallet", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_person", sa.Uuid(), nullable=True),
        sa.Column("approval_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_stage_refunds_amount")),
        sa.CheckConstraint(
            "creator_fen + agency_fen + fee_fen + tax_fen = amount_fen",
            name=op.f("ck_stage_refunds_shares_sum"),
        ),
        sa.CheckConstraint(
            "owed_fen BETWEEN 0 AND creator_fen + agency_fen", name=op.f("ck_stage_refunds_owed")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_stage_refunds_order_id")),
        sa.ForeignKeyConstraint(
            ["milestone_id"], ["milestones.id"], name=op.f("fk_stage_refunds_milestone_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_refunds")),
    )
    op.create_index("ix_stage_refunds_order_id", "stage_refunds", ["order_id"])
    op.create_index("ix_stage_refunds_milestone_id", "stage_refunds", ["milestone_id"])


def downgrade() -> None:
    op.drop_table("stage_refunds")
